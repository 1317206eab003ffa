import { describe, expect, it } from "vitest";
import type { PatroniSettings } from "../../../policies/read/patroni.ts";
import type { Spread, Workload } from "../../../policies/read/workloads.ts";
import { postgresViolations } from "../../../policies/rules/availability/synchronousPostgres.ts";

const zones: Spread = { over: "zone", strength: "required", maxSkew: 1, minDomains: 3 };
const members: Workload = { name: "postgres", namespace: "dify-data", labels: {}, replicas: 3, spread: [zones] };
const patroni: PatroniSettings = {
  synchronousMode: "quorum",
  synchronousNodeCount: 1,
  archiveMode: "on",
  archiveCommand: "pgbackrest archive-push %p",
  archiveTimeout: 60,
};
const three = { minimumMembers: 3, minimumZones: 3 };

describe("an acknowledged commit survives a zone", () => {
  it.each(["quorum", "on"] as const)("with synchronous_mode %s", (synchronousMode) =>
    expect(postgresViolations({ members, patroni: { ...patroni, synchronousMode } }, three)).toEqual([]),
  );

  it.each<[string, Workload, PatroniSettings | undefined, string]>([
    ["commits that wait for nobody", members, { ...patroni, synchronousMode: "off" }, "synchronous_mode"],
    ["no standby to wait for", members, { ...patroni, synchronousNodeCount: 0 }, "synchronous_mode"],
    ["too few members", { ...members, replicas: 2 }, patroni, "2 members"],
    ["members that may share a zone", { ...members, spread: [{ ...zones, minDomains: 2 }] }, patroni, "3 zones"],
    ["a mere preference", { ...members, spread: [{ ...zones, strength: "preferred" }] }, patroni, "3 zones"],
    ["settings that cannot be found", members, undefined, "bootstrap.dcs"],
  ])("is refused: %s", (_, workload, settings, message) =>
    expect(postgresViolations({ members: workload, patroni: settings }, three)).toEqual([
      expect.stringContaining(message),
    ]),
  );
});
