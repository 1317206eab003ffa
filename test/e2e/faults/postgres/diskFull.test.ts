import { beforeAll, describe, expect, it } from "vitest";
import { expectUnharmed } from "../../support/bars.ts";
import { endure } from "../../support/fault.ts";
import { leaderPod, sql } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { runningStack, type Stack } from "../../support/stack.ts";
import { fillVolume, freeVolumes } from "../../support/volumes.ts";
import { until } from "../../support/waiting.ts";

describe("a leader whose volume is full", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  /**
   * Postgres goes on until it needs a new segment of its log, and then ends itself: it cannot promise anything any more. A member that
   * has space takes over; the full one joins again, by itself, when somebody has made space.
   */
  it("hands over to a member that has space, and comes back when it has some", { timeout: 15 * 60_000 }, async () => {
    const leader = await leaderPod(stack);
    const figures = await endure(stack, {
      name: "disk full on the leader",
      subject: postgres,
      inject: async () => {
        await fillVolume(stack, leader, "data");
        await needSpace(stack, leader.name);
      },
      end: () => freeVolumes(stack),
    });
    expectUnharmed(figures, { writeGap: 8 });
  });
});

/** Begins new segments of the log until another member leads: load would do so within hours, with the few rows of a test. */
async function needSpace(stack: Stack, full: string): Promise<void> {
  await until(
    async () => {
      try {
        const leader = await leaderPod(stack);
        if (leader.name !== full) return [];
        await sql(
          leader,
          "SELECT pg_logical_emit_message(false, 'dify-ha-test', repeat('x', 1000000)), pg_switch_wal()",
        );
        return [`${full} still leads`];
      } catch (error) {
        return [String(error)];
      }
    },
    "another leader",
    120,
  );
  expect((await leaderPod(stack)).name).not.toBe(full);
}
