import { beforeAll, describe, expect, it } from "vitest";
import { expectUnharmed } from "../../support/bars.ts";
import { endure } from "../../support/fault.ts";
import type { Pod } from "../../support/kubernetes.ts";
import { isolate, mendNetwork } from "../../support/nodes.ts";
import { leaderPod, patroniCluster, sql, standbyPods, type PatroniCluster } from "../../support/patroni.ts";
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

  it("that never come back cost a bounded part of the volume: a slot left behind is given up", async () => {
    const leader = await leaderPod(stack);
    const figures = await endure(stack, {
      name: "replication slot left behind",
      subject: postgres,
      inject: async () => {
        await sql(leader, "SELECT pg_create_physical_replication_slot('left_behind', true)");
        await writeLog(stack, leader);
      },
      meanwhile: async () => {
        expect(await statusOf(leader, "left_behind")).toBe("lost");
        const kept = Number(await sql(leader, "SELECT sum(size) / 1024 / 1024 FROM pg_ls_waldir()"));
        // What slots may hold back, and what lies there in any case.
        expect(kept).toBeLessThan((await slotBound(leader)) + 200);
      },
      end: async () => {
        await sql(leader, "SELECT pg_drop_replication_slot('left_behind')");
      },
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it("that were away for longer than the leader keeps its log come back by themselves", async () => {
    const leader = await leaderPod(stack);
    const [standby] = await standbyPods(stack);
    if (!standby) throw new Error("There is no standby.");
    let next = "";
    const figures = await endure(stack, {
      name: "standby away for longer than its log",
      subject: postgres,
      inject: async () => {
        next = await sql(leader, "SELECT pg_walfile_name(pg_current_wal_lsn())");
        await isolate(stack, standby);
        await writeLog(stack, leader);
      },
      // Not its slot, which was seen "reserved" here.
      meanwhile: async () => {
        const oldest = "SELECT min(name) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'";
        expect((await sql(leader, oldest)) > next).toBe(true);
      },
      end: () => mendNetwork(stack),
    });
    expectUnharmed(figures, { writeGap: bar });
  });
});

/** How much of its log the leader keeps for a slot, in MB. */
async function slotBound(leader: Pod): Promise<number> {
  return Number(await sql(leader, "SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size'"));
}

/** Whether the leader still has the log that a slot stands for: reserved, extended, unreserved or lost. */
async function statusOf(leader: Pod, slot: string): Promise<string> {
  return sql(leader, `SELECT wal_status FROM pg_replication_slots WHERE slot_name = '${slot}'`);
}

/** Writes more log than the leader keeps for a slot, and lets it throw away what is too much. */
async function writeLog(stack: Stack, leader: Pod): Promise<void> {
  const megabytes = (await slotBound(leader)) + 100;
  for (let written = 0; written < megabytes; written += 16) {
    await sql(leader, "SELECT pg_logical_emit_message(false, 'dify-ha-test', repeat('x', 15000000)), pg_switch_wal()");
    // The other standby goes along, or commits would wait for it.
    await until(async () => lagging(await patroniCluster(stack)), "a standby that follows", 60);
  }
  await sql(leader, "CHECKPOINT");
}

/** Empty when some standby has nearly all of the log. */
function lagging({ members }: PatroniCluster): string[] {
  const near = members.some(({ role, lag }) => role !== "leader" && typeof lag === "number" && lag < 2 ** 25);
  return near ? [] : ["every standby is far behind"];
}
