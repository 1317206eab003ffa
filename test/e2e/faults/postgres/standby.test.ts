import { beforeAll, describe, expect, it } from "vitest";
import { endure, expectUnharmed } from "../../support/fault.ts";
import { leaderPod, sql, standbyPods } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { killContainer } from "../../support/processes.ts";
import { runningStack, type Stack } from "../../support/stack.ts";
import { until } from "../../support/waiting.ts";

/** A commit that waits for a standby goes on with the next one as soon as the lost one's connection ends. */
const bar = 5;

describe("standbys", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it("may die: commits go on with the other", async () => {
    const figures = await endure(stack, {
      name: "standby killed",
      subject: postgres,
      inject: async () => {
        const [standby] = await standbyPods(stack);
        if (!standby) throw new Error("There is no standby.");
        killContainer(standby, "postgres");
      },
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it("that are gone for good hold back no log: a slot left behind is dropped", async () => {
    const slots = async () => {
      const rows = await sql(await leaderPod(stack), "SELECT slot_name FROM pg_replication_slots WHERE NOT active");
      return rows.split("\n").filter(Boolean);
    };
    const figures = await endure(stack, {
      name: "replication slot left behind",
      subject: postgres,
      inject: async () => {
        await sql(await leaderPod(stack), "SELECT pg_create_physical_replication_slot('left_behind', true)");
        expect(await slots()).toContain("left_behind");
      },
      meanwhile: async () => {
        await until(async () => (await slots()).filter((name) => name === "left_behind"), "no slot left behind", 60);
      },
    });
    expectUnharmed(figures, { writeGap: 1 });
  });
});
