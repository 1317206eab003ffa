import { longestGap } from "../../config/schedule.ts";
import type { Settings } from "../../config/settings.ts";
import { edgeBucketName } from "../objectStore/buckets.ts";

/** A CronJob that backs something up, looks after backups, or restores them for trial. */
export interface ScheduledJob {
  /** Of the CronJob. */
  readonly name: string;
  /** "check" reads what there is; "drill" restores it. */
  readonly does: "backup" | "check" | "drill";
  readonly schedule: string;
  /** Hours after which a run has failed. */
  readonly deadline: number;
}

type JobSettings = Pick<Settings, "postgres" | "redis" | "offsite" | "vectorStore" | "backup" | "drills">;

/** Hours for snapshots of etcd and the bundle of secrets, which are small: a run ends within them, or has failed. */
export const small = 0.25;

/** Every CronJob that runs under the given settings; the templates of restores, which never do, are not among them. */
export function scheduledJobs(settings: JobSettings): readonly ScheduledJob[] {
  const { redis, vectorStore, backup, drills, postgres } = settings;
  const { objects, vectors, clusterEtcd, secrets, snapshots, edge } = backup;
  const backups = (name: string, schedule: string, deadline: number): ScheduledJob => ({
    ...{ name, schedule, deadline, does: "backup" },
  });
  return [
    ...(postgres.backend === "patroni" ? postgresJobs(settings) : []),
    ...(redis.backend === "sentinel" ? [backups("redis-rdb", backup.redis.rdb, backup.redis.deadline / 60)] : []),
    backups("objects-copy", objects.copy, objects.deadline),
    backups("secrets-bundle", secrets.bundle, small),
    ...(vectorStore.kind === "qdrant" ? [backups("vector-snapshots", vectors.take, vectors.deadline)] : []),
    ...(clusterEtcd?.endpoints.map((_, i) => backups(`cluster-etcd-snapshot-${i}`, clusterEtcd.snapshot, small)) ?? []),
    ...(snapshots.class === "none" ? [] : [backups("volume-snapshots", snapshots.schedule, snapshots.deadline)]),
    ...(snapshots.class === "none" || settings.offsite.backend === "none"
      ? []
      : [backups("volume-copies", snapshots.copies.schedule, snapshots.copies.deadline)]),
    ...edge.sites.map((site) => backups(edgeBucketName(site.name), site.schedule, site.deadline)),
    ...(edge.sites.length > 0
      ? [{ name: "edges-keep", does: "check", schedule: edge.keep, deadline: edge.deadline } as const]
      : []),
    ...(drills.enabled && postgres.backend === "patroni"
      ? (["light", "full"] as const).map((kind): ScheduledJob => {
          const { schedule, deadline } = drills[kind];
          return { name: `drill-${kind}`, does: "drill", schedule, deadline };
        })
      : []),
  ];
}

function postgresJobs({ offsite, backup: { postgres, etcd, coordinated } }: JobSettings): ScheduledJob[] {
  const { deadline } = postgres;
  const backups = (name: string, schedule: string): ScheduledJob => ({ name, does: "backup", schedule, deadline });
  return [
    backups("postgres-full", postgres.full),
    backups("postgres-incremental", postgres.incremental),
    ...(offsite.backend === "none"
      ? []
      : [
          backups("postgres-offsite-full", postgres.offsiteFull),
          backups("postgres-offsite-incremental", postgres.offsiteIncremental),
        ]),
    { ...backups("postgres-check", postgres.check), does: "check" },
    backups("postgres-dump", postgres.dump),
    { ...backups("coordinated-backup", coordinated.take), deadline: coordinated.deadline },
    { ...backups("etcd-snapshot", etcd.snapshot), deadline: small },
  ];
}

/** How long ago its last good run may be: the longest gap between two runs, and what one may take. In seconds. */
export function maximumAge({ schedule, deadline }: Pick<ScheduledJob, "schedule" | "deadline">): number {
  return Math.round((longestGap(schedule) + deadline) * 3600);
}
