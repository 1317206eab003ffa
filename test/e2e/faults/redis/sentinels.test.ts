import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { expectUnharmed, healingBar } from "../../support/bars.ts";
import { endure } from "../../support/fault.ts";
import { mendNetwork, part } from "../../support/nodes.ts";
import { killContainer } from "../../support/processes.ts";
import { masterPod, redis, replicaPods } from "../../support/redis.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** Writers do not notice; in seconds, and what a busy machine may add. */
const unnoticed = 2;
/** Bar of H3, in seconds. */
const bar = 7;

describe("a minority of the Sentinels", () => {
  let stack: Stack;
  let downAfter: number;
  beforeAll(() => {
    stack = runningStack();
    const { redis: settings } = stack.settings;
    if (settings.backend !== "sentinel") throw new Error("The stack has no Redis of its own.");
    ({ downAfter } = settings);
  });

  it("may die: the others watch on", async () => {
    const master = await masterPod(stack);
    const figures = await endure(stack, {
      name: "Sentinel killed",
      subject: redis,
      inject: async () => killContainer((await replicaPods(stack))[0] ?? master, "sentinel"),
    });
    expectUnharmed(figures, { writeGap: unnoticed });
    expect((await masterPod(stack)).name).toBe(master.name);
  });

  it("that is cut off with a replica does not replace the master", async () => {
    const master = await masterPod(stack);
    const [replica, other] = await replicaPods(stack);
    if (!replica || !other) throw new Error("The master has not two replicas.");
    const figures = await endure(stack, {
      name: "Redis replica and its Sentinel cut off",
      subject: redis,
      inject: () => part(stack, replica, [master, other]),
      meanwhile: () => sleep(4000 * downAfter),
      end: async () => {
        expect((await masterPod(stack)).name, "the master while a minority is cut off").toBe(master.name);
        await mendNetwork(stack);
      },
    });
    expectUnharmed(figures, { writeGap: unnoticed });
  });

  /**
   * What the old master accepts until it finds itself alone is lost with it: Redis answers before a replica has a write. So losses are recorded
   * and bounded by maxLag, not forbidden; two masters that accept writes at once are.
   */
  it("that is cut off with the master leaves no two that accept writes", async () => {
    const master = await masterPod(stack);
    const replicas = await replicaPods(stack);
    const figures = await endure(stack, {
      name: "Redis master and its Sentinel cut off, not from clients",
      subject: redis,
      inject: () => part(stack, master, replicas),
      // Until the others have chosen, the old one may go on for a while.
      meanwhile: () => sleep(3000 * downAfter),
      end: () => mendNetwork(stack),
    });
    expect((await masterPod(stack)).name, "the master afterwards").not.toBe(master.name);
    expect.soft(figures.splitBrain.acknowledged, "seconds in which two masters accepted writes").toBe(0);
    expect.soft(figures.writeGap, "longest gap of writes in seconds").toBeLessThanOrEqual(bar);
    expect.soft(figures.healedAfter, "seconds until all had healed").toBeLessThanOrEqual(healingBar);
  });
});
