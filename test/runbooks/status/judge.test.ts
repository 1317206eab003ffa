import { describe, expect, it } from "vitest";
import { judge, otherJobProblems, type Heard, type HeardOfCluster } from "../../../runbooks/status/judge.ts";
import type { Bar } from "../../../runbooks/status/bars.ts";
import { ago, drill, etcdBar, logBar, now, redisBar, well, wellCluster } from "./sample.ts";

const judged = (bar: Bar, heard: Partial<Heard> = {}, cluster: Partial<HeardOfCluster> = {}) =>
  judge(bar, { ...well, ...heard }, { ...wellCluster, ...cluster }, now);
const silent = { place: "", unreachable: "connection refused" };
const said = (...args: Parameters<typeof judged>) => judged(...args).problems.map(({ what }) => what);

describe("a copy", () => {
  it("is good when it is young, locked, made by jobs that end well, and was restored", () =>
    expect(judged(redisBar)).toEqual({
      dataSet: "redis",
      site: "cluster",
      instant: "2026-11-22T11:59:00.000Z",
      ageSeconds: 60,
      maxAgeSeconds: 25200,
      proven: { at: "2026-11-22T05:20:00Z", rtoSeconds: 720 },
      lockedUntil: "2026-12-27T00:00:00.000Z",
      problems: [],
      unasked: [],
      verdict: "good",
    }));

  it.each<[string, Partial<Heard>, string]>([
    ["is too old", { instant: { place: "", value: ago(8 * 3600) } }, "its newest instant is older than it may be"],
    ["is not there", { instant: { place: "", value: undefined } }, "nothing is there that could be restored"],
    [
      "is not locked",
      { lock: { place: "", value: undefined } },
      "its newest object is not locked: whoever has the keys can delete it",
    ],
    ["is locked no longer", { lock: { place: "", value: ago(1) } }, "the lock of its newest object has ended"],
  ])("misses its bar when it %s", (_, heard, what) => {
    expect(said(redisBar, heard)).toEqual([what]);
    expect(judged(redisBar, heard).verdict).toBe("missed");
  });

  it("is unknown when its store, its lock, its jobs or its drills cannot be asked, which is not good", () => {
    for (const [heard, cluster, what] of [
      [{ instant: silent }, {}, "its newest instant"],
      [{ lock: silent }, {}, "its lock"],
      [{}, { jobs: silent }, "its jobs"],
      [{}, { proofs: silent }, "its drills"],
    ] as const) {
      const copy = judged(redisBar, heard, cluster);
      expect(copy.unasked).toEqual([`${what}: connection refused`]);
      expect(copy).toMatchObject({ verdict: "unknown", problems: [] });
    }
    expect(judged(redisBar, { instant: silent }).instant).toBe("not asked");
    expect(judged(redisBar, {}, { proofs: silent }).proven).toBe("not asked");
  });

  it("misses its bar when a job fails, is suspended, or is not there", () => {
    const failed = { job: "redis-rdb-1", at: ago(60), why: "Job has reached the specified backoff limit" };
    const state = { name: "redis-rdb", suspended: false, lastSuccess: undefined, failed: undefined };
    const jobs = (value: HeardOfCluster["jobs"]["value"] & object) => ({ jobs: { place: "", value } });
    expect(said(redisBar, {}, jobs([{ ...state, failed }]))).toEqual([
      "job redis-rdb-1 failed at 2026-11-22T11:59:00.000Z: Job has reached the specified backoff limit",
    ]);
    expect(said(redisBar, {}, jobs([{ ...state, suspended: true }]))).toEqual(["CronJob redis-rdb is suspended"]);
    expect(said(redisBar, {}, jobs([]))).toEqual(["there is no CronJob redis-rdb: pulumi up makes it"]);
    const other = { ...state, name: "volume-snapshots", failed };
    expect(otherJobProblems([redisBar], jobs([state, other]).jobs)).toMatchObject([{ runbook: "backup-failing" }]);
    const byHand = { ...other, failed: undefined, suspended: true };
    expect(otherJobProblems([redisBar], jobs([state, byHand]).jobs)).toEqual([]);
  });
});

describe("a proof", () => {
  const proofs = (...value: ReturnType<typeof drill>[]) => ({ proofs: { place: "", value } });

  it("counts only while it is young, of a drill that passed and that restores this data set", () => {
    const never = "no full drill has ever restored it";
    expect(said(redisBar, {}, proofs())).toEqual([never]);
    expect(said(redisBar, {}, proofs(drill({ kind: "light" })))).toEqual([never]);
    expect(said(redisBar, {}, proofs(drill({ ended: "2026-11-13T05:00:00Z" })))).toEqual([
      "no full drill has restored it in the time that it may take",
    ]);
    const checks = [{ name: "rows are there", passed: false, detail: "none", seconds: 1 }];
    expect(said(redisBar, {}, proofs(drill({ passed: false, checks })))).toEqual([
      "the full drill of 2026-11-22T05:20:00Z failed: rows are there",
    ]);
  });

  it("of one site is none of the other, and in time for both", () =>
    expect(judged({ ...redisBar, site: "offsite" })).toMatchObject({ proven: "none", verdict: "good" }));

  it("is not asked for where no drill restores it", () =>
    expect(judged(etcdBar, {}, proofs())).toMatchObject({ proven: null, verdict: "good" }));
});

describe("the log", () => {
  const old = { instant: { place: "", value: ago(1200) } };

  it("may be old when the primary says that none waits: nothing was written", () =>
    expect(judged(logBar, old).verdict).toBe("good"));

  it("may not when it waits, or when nobody can say", () => {
    expect(said(logBar, old, { log: { place: "", value: { segments: 3 } } })).toEqual([
      "its newest log is older than it may be; segments of it that wait at the primary: 3",
    ]);
    expect(judged(logBar, old, { log: silent })).toMatchObject({ verdict: "missed" });
    expect(judged(logBar, old, { log: silent }).problems[0]?.runbook).toBe("archive-failing");
  });
});
