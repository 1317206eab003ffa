import type { DrillKind } from "../drills/result.ts";

/** Where copies lie: the cluster's own object store, and the second site. */
export const siteNames = ["cluster", "offsite"] as const;
export type SiteName = (typeof siteNames)[number];

/** What is backed up, as a restore would ask for it. */
export interface DataSet {
  /** What people call it. */
  readonly title: string;
  /** Its loss is what the loss of the site costs; the others help to put these back, or can be made anew. */
  readonly irreplaceable: boolean;
  /** CronJobs that make the copies of each site. */
  readonly jobs: Readonly<Record<SiteName, readonly string[]>>;
  /** Drills that restore it. */
  readonly drills: readonly DrillKind[];
  /** Runbook that helps when a copy is late. */
  readonly runbook: string;
}

const everywhere = (...jobs: readonly string[]) => ({ cluster: jobs, offsite: jobs });

const common = { irreplaceable: false, drills: [], runbook: "backup-failing" } as const;

export const dataSets = {
  postgres: {
    title: "Postgres",
    irreplaceable: true,
    jobs: everywhere("postgres-check"),
    drills: ["light", "full"],
    runbook: "archive-failing",
  },
  base: {
    ...common,
    title: "base backup of Postgres",
    jobs: {
      cluster: ["postgres-full", "postgres-incremental"],
      offsite: ["postgres-offsite-full", "postgres-offsite-incremental"],
    },
    drills: ["light", "full"],
  },
  dump: { ...common, title: "dump of Postgres", jobs: everywhere("postgres-dump") },
  objects: {
    ...common,
    title: "files of Dify and plugins",
    irreplaceable: true,
    jobs: everywhere("objects-copy"),
    drills: ["full"],
  },
  followed: {
    ...common,
    title: "files as they are written",
    irreplaceable: true,
    // Deployment objects-follower.
    jobs: { cluster: [], offsite: [] },
    runbook: "files-behind",
  },
  redis: { ...common, title: "Redis", irreplaceable: true, jobs: everywhere("redis-rdb"), drills: ["full"] },
  secrets: {
    ...common,
    title: "bundle of secrets",
    irreplaceable: true,
    jobs: everywhere("secrets-bundle"),
    drills: ["full"],
  },
  coordinated: {
    ...common,
    title: "one instant of everything",
    jobs: everywhere("coordinated-backup"),
    drills: ["full"],
  },
  etcd: { ...common, title: "etcd of Patroni", jobs: everywhere("etcd-snapshot") },
  clusterEtcd: { ...common, title: "etcd of the cluster", jobs: everywhere() },
  vectors: { ...common, title: "vectors", jobs: everywhere("vector-snapshots") },
  volumes: { ...common, title: "files of volumes", jobs: { cluster: [], offsite: ["volume-copies"] } },
  edge: { ...common, title: "edge sites", jobs: { cluster: ["edges-keep"], offsite: [] } },
  velero: { ...common, title: "objects of the cluster", jobs: everywhere() },
} as const satisfies Readonly<Record<string, DataSet>>;

export type DataSetName = keyof typeof dataSets;
