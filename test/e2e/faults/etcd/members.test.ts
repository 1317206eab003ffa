import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { names } from "../../../../components/postgres/layout.ts";
import { expectUnharmed } from "../../support/bars.ts";
import { etcdLeader } from "../../support/etcd.ts";
import { endure } from "../../support/fault.ts";
import { podsOf } from "../../support/kubernetes.ts";
import { isolate, mendNetwork, powerCut } from "../../support/nodes.ts";
import { leaderPod, standbyPods } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { killContainer } from "../../support/processes.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** Writers do not notice; in seconds, and what a busy machine may add. */
const bar = 2;

/** Longer than the lock of Patroni's leader lasts without etcd, in milliseconds. */
const outage = 40_000;

describe("Patroni's store", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it("may lose its leader: writers notice nothing", async () => {
    const figures = await endure(stack, {
      name: "etcd's leader killed",
      subject: postgres,
      inject: async () => killContainer(await etcdLeader(stack), "etcd"),
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it("may be cut off from its leader for a while: writers notice nothing", async () => {
    const figures = await endure(stack, {
      name: "etcd's leader cut off",
      subject: postgres,
      inject: async () => isolate(stack, await etcdLeader(stack)),
      meanwhile: () => sleep(outage),
      end: () => mendNetwork(stack),
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it("may lose its majority: the leader goes on, because all members answer it", async () => {
    // One of them at another address than a minute ago.
    const { node = "" } = (await standbyPods(stack))[0] ?? {};
    const restart = powerCut(stack, node);
    await restart.inject();
    await restart.end();
    const leader = await leaderPod(stack);
    const figures = await endure(stack, {
      name: "etcd's majority lost and back",
      subject: postgres,
      inject: async () => {
        const [, ...majority] = await podsOf(stack, names.etcd);
        for (const pod of majority) await isolate(stack, pod);
      },
      meanwhile: () => sleep(outage),
      end: async () => {
        await mendNetwork(stack);
        expect((await leaderPod(stack)).name, "the leader after the outage").toBe(leader.name);
      },
    });
    expectUnharmed(figures, { writeGap: bar });
  });
});
