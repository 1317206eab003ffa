import { beforeAll, describe, expect, it } from "vitest";
import { names } from "../../../../components/postgres/layout.ts";
import { expectUnharmed } from "../../support/bars.ts";
import { endure } from "../../support/fault.ts";
import { podsOf } from "../../support/kubernetes.ts";
import { mendNetwork, part } from "../../support/nodes.ts";
import { leaderPod, standbyPods } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

describe("a leader that clients reach and its peers do not", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it("is followed by another, and acknowledges nothing beside it", async () => {
    const leader = await leaderPod(stack);
    const figures = await endure(stack, {
      name: "leader cut off, not from clients",
      subject: postgres,
      inject: async () => part(stack, leader, [...(await standbyPods(stack)), ...(await podsOf(stack, names.etcd))]),
      end: async () => {
        expect((await leaderPod(stack)).name, "the leader while it is cut off").not.toBe(leader.name);
        await mendNetwork(stack);
      },
    });
    // It takes writes until its own Patroni gives up on etcd, but none of them ends before a standby has it.
    const { loopWait, retryTimeout } = stack.postgres.timing;
    expectUnharmed(figures, { openAtOnce: loopWait + 2 * retryTimeout });
  });
});
