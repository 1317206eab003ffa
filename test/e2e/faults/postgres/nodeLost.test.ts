import { beforeAll, describe, expect, it } from "vitest";
import { expectUnharmed, judgesTime } from "../../support/bars.ts";
import { endure } from "../../support/fault.ts";
import { recordFigures, summarize, type Figures } from "../../support/figures.ts";
import { powerCut, zoneCut } from "../../support/nodes.ts";
import { leaderPod, standbyPods } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** Bar of H2 for the death of a node, in seconds, at the 95th percentile. */
const bar = 8;
/** Ten, for a percentile. */
const losses = judgesTime ? 10 : 1;

describe("nodes without power", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it(`that led cost writers at most ${bar} s, losses: ${losses}`, { timeout: losses * 5 * 60_000 }, async () => {
    const seen: Figures[] = [];
    // Each loss begins with a whole etcd: one that comes while a member is still away is a double fault.
    for (let i = 1; i <= losses; i++) {
      const { node } = await leaderPod(stack);
      seen.push(
        await endure(stack, {
          name: `leader's node lost, ${i} of ${losses}`,
          subject: postgres,
          ...powerCut(stack, node),
        }),
      );
    }
    const summary = summarize(`leader's node lost, worst of ${losses}`, seen);
    recordFigures(summary);
    expectUnharmed(summary, { writeGap: bar });
    expect.soft(seen).toHaveLength(losses);
  });

  it("that held a standby stop no commit", async () => {
    const [standby] = await standbyPods(stack);
    const figures = await endure(stack, {
      name: "standby's node lost",
      subject: postgres,
      ...powerCut(stack, standby?.node ?? ""),
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it("and all others of their zone are survived", async () => {
    const { node } = await leaderPod(stack);
    const figures = await endure(stack, { name: "leader's zone lost", subject: postgres, ...zoneCut(stack, node) });
    expectUnharmed(figures, { writeGap: bar });
  });
});
