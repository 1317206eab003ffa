import { describe, expect, it } from "vitest";
import { duration } from "../../../runbooks/backups/format.ts";
import { judge, type Heard, type HeardOfCluster } from "../../../runbooks/status/judge.ts";
import type { Bar } from "../../../runbooks/status/bars.ts";
import { headline, statusText } from "../../../runbooks/status/text.ts";
import { ago, etcdBar, logBar, now, redisBar, well, wellCluster } from "./sample.ts";

const silent = { place: "", unreachable: "connection refused" };
const copy = (bar: Bar, heard: Partial<Heard> = {}, cluster: Partial<HeardOfCluster> = {}) =>
  judge(bar, { ...well, ...heard }, { ...wellCluster, ...cluster }, now);
const status = { asked: now.toISOString(), secondSite: true, problems: [], good: false };

describe("what a person sees", () => {
  it("is the answer, a line a copy, and what helps", () => {
    const copies = [
      copy(logBar),
      copy(redisBar, { instant: { place: "", value: ago(10 * 3600) } }),
      judge({ ...etcdBar, site: "offsite" }, { instant: silent }, { ...wellCluster, jobs: silent }, now),
    ];
    const problems = [{ what: "CronJob volume-snapshots is suspended", runbook: "backup-failing" }];
    expect(statusText({ ...status, copies, problems }))
      .toBe(`If the site burned now, this would be lost: of Postgres the last 60 s.
┌─────────────────┬──────────┬──────────────────────┬──────┬─────────┬──────────────────────┬────────┬──────────────────────┬─────────┐
│ data set        │ copy     │ newest restorable    │ age  │ at most │ last proven restore  │ RTO    │ locked until         │         │
│ Postgres        │ off site │ 2026-11-22T11:59:00Z │ 60 s │ 80 s    │ never                │        │ 2026-12-27T00:00:00Z │ good    │
│ Redis           │ cluster  │ 2026-11-22T02:00:00Z │ 10 h │ 7 h     │ 2026-11-22T05:20:00Z │ 12 min │ 2026-12-27T00:00:00Z │ MISSED  │
│ etcd of Patroni │ off site │ not asked            │      │ 7 h     │ no drill restores it │        │ not asked            │ unknown │
└─────────────────┴──────────┴──────────────────────┴──────┴─────────┴──────────────────────┴────────┴──────────────────────┴─────────┘

Missed:
  Redis (cluster): its newest instant is older than it may be; npm run runbook -- backup-failing
  CronJob volume-snapshots is suspended; npm run runbook -- backup-failing

Could not be asked, which is no good news:
  etcd of Patroni (off site): its newest instant: connection refused
  etcd of Patroni (off site): its jobs: connection refused`);
  });

  it("is told once what is true of several copies", () => {
    const copies = (["cluster", "offsite"] as const).map((site) => copy({ ...redisBar, site }, {}, { jobs: silent }));
    expect(
      statusText({ ...status, copies })
        .split("\n")
        .at(-1),
    ).toBe("  Redis (cluster, off site): its jobs: connection refused");
  });

  it("counts files by what is followed, and by the scheduled copies where nothing is", () => {
    const of = (dataSet: "objects" | "followed", seconds: number) =>
      copy({ dataSet, site: "offsite", maxAgeSeconds: 90, jobs: [] }, { instant: { place: "", value: ago(seconds) } });
    const text = (...copies: ReturnType<typeof of>[]) => headline({ ...status, copies });
    expect(text(of("objects", 36_000), of("followed", 20))).toMatch(
      /lost: of files as they are written the last 20 s\.$/,
    );
    expect(text(of("objects", 36_000))).toMatch(/lost: of files of Dify and plugins the last 10 h\.$/);
    const nothing = copy(
      { dataSet: "followed", site: "offsite", maxAgeSeconds: 90, jobs: [] },
      { instant: { place: "", value: undefined } },
    );
    expect(text(of("objects", 36_000), nothing)).toMatch(/lost: of files of Dify and plugins the last 10 h\.$/);
  });

  it("says what the loss of the site costs, also when nobody knows, or all of it", () => {
    const far = { ...redisBar, site: "offsite" } as const;
    const text = (heard: Partial<Heard>) => headline({ ...status, copies: [copy(far, heard)] });
    expect(text({ instant: { place: "", value: ago(7200) } })).toMatch(/lost: of Redis the last 2 h\.$/);
    expect(text({ instant: { place: "", value: undefined } })).toMatch(/lost: all of Redis\.$/);
    expect(text({ instant: silent })).toMatch(/lost: of Redis nobody can say how much\.$/);
    expect(headline({ ...status, secondSite: false, copies: [] })).toMatch(/everything would be lost/);
  });

  it.each([
    [0, "0 s"],
    [119, "119 s"],
    [720, "12 min"],
    [7 * 3600, "7 h"],
    [8 * 86400, "8 d"],
  ])("%d seconds are %s", (seconds, words) => expect(duration(seconds)).toBe(words));
});
