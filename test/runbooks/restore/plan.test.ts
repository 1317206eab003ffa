import { describe, expect, it } from "vitest";
import { jobEnvironment } from "../../../runbooks/restore/environment.ts";
import { described } from "../../../runbooks/restore/execute.ts";
import { planSchema, remaining, stepsOf, takeOver, type Plan } from "../../../runbooks/restore/plan.ts";
import { otherKeys } from "../../../runbooks/restore/prepare.ts";
import { newerRefusal } from "../../../runbooks/restore/refusal.ts";
import { baseBefore, postgresTarget } from "../../../runbooks/restore/repository.ts";
import { wantedTarget, type Target } from "../../../runbooks/restore/target.ts";
import { unfinished } from "../../../runbooks/restore/verify.ts";
import { recordAt } from "../catalogue/sample.ts";

const now = new Date("2026-11-22T12:00:00Z");
const time = (instant: string): Target => ({ to: "time", instant });
const record: Target = {
  to: "record",
  id: "20261122T020000Z-3f9c",
  instant: "2026-11-22T02:00:05Z",
  restorePoint: "dify-20261122T020000Z-3f9c",
  timeline: 3,
  alembicHead: "abc",
};

function plan(changes: Partial<Plan> = {}): Plan {
  return planSchema.parse({
    version: 1,
    target: time("2026-11-22T11:00:00.000Z"),
    from: "cluster",
    parts: ["postgres", "objects", "redis"],
    lastBackup: true,
    postgres: { REPOSITORY: "1" },
    prepared: "2026-11-22T12:00:00.000Z",
    done: {},
    begun: [],
    ...changes,
  });
}

describe("the target of a restore", () => {
  it("is the latest, a record, or an instant with its zone", () => {
    expect(wantedTarget("latest", now)).toEqual({ to: "latest" });
    expect(wantedTarget("20261122T020000Z-3f9c", now)).toEqual({ to: "record", id: "20261122T020000Z-3f9c" });
    expect(wantedTarget("2026-11-22T12:30:00+01:00", now)).toEqual(time("2026-11-22T11:30:00.000Z"));
  });
  it.each([
    ["yesterday", "is no target"],
    ["2026-11-22T11:00:00", "is no target"],
    ["2026-11-23T00:00:00Z", "lies in the future"],
  ])("is not %s", (text, message) => expect(() => wantedTarget(text, now)).toThrow(message));

  const backup = (label: string, stop: string) => ({
    label,
    timestamp: { start: 0, stop: Date.parse(stop) / 1000 },
    info: { size: 1 },
  });
  const backups = [
    backup("20261121-020000F", "2026-11-21T02:01:00Z"),
    backup("20261122-020000F", "2026-11-22T02:01:00Z"),
  ];

  it("is reached from the newest base backup that ended before it", () => {
    expect(baseBefore(backups, "2026-11-22T02:00:30Z")?.label).toBe("20261121-020000F");
    expect(baseBefore(backups, "2026-11-22T02:01:00Z")?.label).toBe("20261122-020000F");
    expect(baseBefore(backups, "2026-11-20T00:00:00Z")).toBeUndefined();
  });
  it("lies on a record's own timeline, and otherwise on the newest unless somebody says which", () => {
    const [base] = backups;
    if (!base) throw new Error("no backup");
    const begin = { BACKUP: base.label };
    expect(postgresTarget(record, base)).toEqual({
      ...begin,
      TYPE: "name",
      TARGET: record.restorePoint,
      TIMELINE: "3",
    });
    expect(postgresTarget(time(record.instant), base)).toMatchObject({ TYPE: "time", TIMELINE: "latest" });
    expect(postgresTarget(time(record.instant), base, 2)).toMatchObject({ TIMELINE: "2" });
  });
  it("is told to jobs to the second, and copies by the record's name", () => {
    expect(jobEnvironment("objects", { target: record, from: "offsite" }, "restore")).toEqual({
      STEP: "restore",
      INSTANT: "2026-11-22T02:00:05Z",
      FROM: "OFFSITE",
      RECORD: record.id,
    });
    expect(jobEnvironment("objects", plan(), "look")).toMatchObject({
      FROM: "LIVE",
      RECORD: "",
      INSTANT: "2026-11-22T11:00:00Z",
    });
  });
  it("is refused when a key is another than the record's", () => {
    const made = recordAt("2026-11-22T02:00:00Z", {});
    expect(otherKeys(made, made.fingerprints)).toEqual([]);
    expect(otherKeys(made, {})).toEqual(Object.keys(made.fingerprints));
  });
});

describe("newer data", () => {
  const data = { kind: "data", tables: 90 } as const;
  const unknown = { kind: "unknown", reason: "no primary answers" } as const;
  it("may go when the stack is named", () => expect(newerRefusal(data, record, "prod", "prod")).toBeUndefined());
  it("is not there in an empty cluster", () =>
    expect(newerRefusal({ kind: "nothing" }, record, "prod")).toBeUndefined());
  it.each([
    ["data", data, undefined, /holds 90 tables.*say --discard-newer prod/],
    ["nobody knows", unknown, undefined, /cannot be seen \(no primary answers\).*--discard-newer prod/],
    ["another stack is named", data, "staging", /names "staging", but this is stack "prod"/],
    ["another is named and nothing is there", { kind: "nothing" } as const, "staging", /names "staging"/],
  ])("refuses the restore: %s", (_, holdings, told, message) =>
    expect(newerRefusal(holdings, record, "prod", told)).toMatch(message),
  );
});

describe("a plan", () => {
  it("has its steps in order, with a last backup before anything is put back", () => {
    expect(stepsOf(plan())).toEqual([
      "hold-schedules",
      "stop-writers",
      "last-backup",
      "postgres",
      "objects",
      "redis",
      "start-writers",
      "release-schedules",
    ]);
    expect(stepsOf(plan({ parts: ["objects"], lastBackup: false }))).toEqual([
      "hold-schedules",
      "stop-writers",
      "objects",
      "start-writers",
      "release-schedules",
    ]);
  });

  it("stops nothing for objects of the cluster alone, and asks Velero for them first of all", () => {
    expect(stepsOf(plan({ parts: ["cluster-objects"] }))).toEqual(["cluster-objects"]);
    const both = plan({ parts: ["cluster-objects", "redis"], velero: "velero-daily-20261122022000" });
    expect(stepsOf(both).slice(0, 2)).toEqual(["cluster-objects", "hold-schedules"]);
    expect(described(both)[0]).toContain("missing of its backup velero-daily-20261122022000");
  });

  it("prints all that would be done", () => {
    const text = described(plan({ target: record })).join("\n");
    expect(text).toMatch(/^postgres: pause Patroni, put one member back with REPOSITORY=1/m);
    expect(text).toMatch(/^objects: a Job of CronJob restore-objects with STEP=restore INSTANT=2026-11-22T02:00:05Z/m);
  });

  const stopped = plan({
    begun: ["hold-schedules", "stop-writers", "last-backup", "postgres"],
    done: {
      "hold-schedules": "2026-11-22T12:01:00.000Z",
      "stop-writers": "2026-11-22T12:01:00.000Z",
      "last-backup": "2026-11-22T12:02:00.000Z",
    },
    writers: { api: 3 },
    schedules: ["postgres-full"],
    member: "postgres-1",
  });

  it("goes on where it was stopped, with the same target", () => {
    const again = takeOver(plan({ prepared: "2026-11-22T13:00:00.000Z" }), stopped);
    expect(again).toEqual(stopped);
    expect(remaining(again)[0]).toBe("postgres");
    expect(unfinished(again)[0]).toBe("step postgres was begun and not done: run execute again");
    expect(unfinished(again)[1]).toBe("step objects was not done: run execute again");
  });

  it("with another target starts what the last one stopped, and takes no backup of what is half destroyed", () => {
    const other = takeOver(plan({ target: record }), stopped);
    expect(other).toMatchObject({
      writers: { api: 3 },
      schedules: ["postgres-full"],
      member: "postgres-1",
      lastBackup: false,
    });
    expect(remaining(other)[0]).toBe("hold-schedules");
  });

  it("forgets one that was carried to its end", () => {
    const done = Object.fromEntries(stepsOf(stopped).map((step) => [step, "2026-11-22T12:05:00.000Z"]));
    const next = plan({ target: record });
    expect(takeOver(next, { ...stopped, done })).toEqual(next);
  });
});
