import { beforeAll, describe, it } from "vitest";
import { expectUnharmed } from "../../support/bars.ts";
import { endure } from "../../support/fault.ts";
import { deletePod, drain, uncordon } from "../../support/kubernetes.ts";
import { leaderPod, standbyPods, switchover } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** Bar of H2 for what is planned, in seconds. */
const bar = 5;
/** By hand it takes longer: Patroni's other standby sleeps for 2 s of it, and only that one can acknowledge (process_unhealthy_cluster in ha.py). */
const switchoverBar = 8;

describe("maintenance of the leader is hardly noticed", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it("when its pod is deleted", async () => {
    const figures = await endure(stack, {
      name: "leader pod deleted",
      subject: postgres,
      inject: async () => deletePod(stack, (await leaderPod(stack)).name),
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it("when another member is told to lead", async () => {
    const figures = await endure(stack, {
      name: "switchover",
      subject: postgres,
      inject: async () => {
        const [candidate] = await standbyPods(stack);
        if (!candidate) throw new Error("There is no standby.");
        await switchover(stack, await leaderPod(stack), candidate);
      },
    });
    expectUnharmed(figures, { writeGap: switchoverBar });
  });

  it("when its node is drained", async () => {
    const { node } = await leaderPod(stack);
    const figures = await endure(stack, {
      name: "leader's node drained",
      subject: postgres,
      avoid: node,
      inject: () => drain(stack, node),
      end: () => uncordon(stack, node),
    });
    expectUnharmed(figures, { writeGap: bar });
  });
});
