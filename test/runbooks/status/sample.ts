import type { DrillResult } from "../../../runbooks/drills/result.ts";
import type { Bar } from "../../../runbooks/status/bars.ts";
import type { Heard, HeardOfCluster } from "../../../runbooks/status/judge.ts";

export const now = new Date("2026-11-22T12:00:00Z");
export const ago = (seconds: number): Date => new Date(now.getTime() - seconds * 1000);

export const logBar: Bar = { dataSet: "postgres", site: "offsite", maxAgeSeconds: 80, jobs: ["postgres-check"] };
export const redisBar: Bar = { dataSet: "redis", site: "cluster", maxAgeSeconds: 7 * 3600, jobs: ["redis-rdb"] };
export const etcdBar: Bar = { dataSet: "etcd", site: "cluster", maxAgeSeconds: 7 * 3600, jobs: ["etcd-snapshot"] };

export function drill(changes: Partial<DrillResult> = {}): DrillResult {
  return {
    version: 1,
    kind: "full",
    id: "20261122T050000Z",
    site: "cluster",
    started: "2026-11-22T05:00:00Z",
    ended: "2026-11-22T05:20:00Z",
    record: "20261122T040000Z-3f9c",
    rtoSeconds: 720,
    rpoSeconds: 40,
    passed: true,
    checks: [{ name: "rows are there", passed: true, detail: "12", seconds: 1 }],
    ...changes,
  };
}

/** Whether everything is well: young, locked, jobs that end well, drills that pass. */
export const well: Heard = {
  instant: { place: "", value: ago(60) },
  lock: { place: "", value: new Date("2026-12-27T00:00:00Z") },
};

const job = (name: string) => ({ name, suspended: false, lastSuccess: ago(600), failed: undefined });

export const wellCluster: HeardOfCluster = {
  jobs: { place: "cluster", value: ["postgres-check", "redis-rdb", "etcd-snapshot"].map(job) },
  proofs: { place: "cluster", value: [drill(), drill({ kind: "light", rtoSeconds: 30 })] },
  log: { place: "cluster", value: { segments: 0 } },
};
