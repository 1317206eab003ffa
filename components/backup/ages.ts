import type { Settings } from "../../config/settings.ts";
import { longestGap } from "../../config/schedule.ts";
import type { StackOutputs } from "../../outputs.ts";
import { archiveSeconds } from "./postgres.ts";
import { small } from "./schedules.ts";

/** The outputs that say how old the newest copy of each data set may be. */
export type BackupAges = Pick<
  StackOutputs,
  | "postgresLogSeconds"
  | "postgresBackupHours"
  | "postgresOffsiteBackupHours"
  | "postgresDumpHours"
  | "coordinatedBackupHours"
  | "objectsBackupHours"
  | "objectsFollowedSeconds"
  | "redisBackupHours"
  | "secretsBackupHours"
  | "etcdBackupHours"
  | "clusterEtcdBackupHours"
  | "vectorsBackupHours"
  | "volumeCopyHours"
  | "edgeBackupHours"
  | "edgeSites"
  | "veleroDailyHours"
  | "veleroWeeklyHours"
>;

/** The second site is told every 20 s how far it is (scripts/backup/follow.py, MARK_EVERY), which takes its time. */
const betweenMarks = 30;

/**
 * How old the newest copy of each data set may be before something is wrong: the longest gap between two runs, and what one may take. Only of what the
 * stack backs up.
 */
export function backupAges({ postgres, redis, vectorStore, offsite, backup }: Settings): BackupAges {
  const { postgres: base, objects, vectors, etcd, clusterEtcd, snapshots, secrets, coordinated, edge, velero } = backup;
  return {
    ...(postgres.backend === "patroni" && {
      postgresLogSeconds: archiveSeconds(postgres),
      postgresBackupHours: longestGap(base.full, base.incremental) + base.deadline,
      ...(offsite.backend !== "none" && {
        postgresOffsiteBackupHours: longestGap(base.offsiteFull, base.offsiteIncremental) + base.deadline,
      }),
      postgresDumpHours: longestGap(base.dump) + base.deadline,
      coordinatedBackupHours: longestGap(coordinated.take) + coordinated.deadline,
      etcdBackupHours: longestGap(etcd.snapshot) + small,
    }),
    objectsBackupHours: longestGap(objects.copy) + objects.deadline,
    ...(offsite.backend !== "none" && { objectsFollowedSeconds: objects.follow.behind + betweenMarks }),
    ...(redis.backend === "sentinel" && {
      redisBackupHours: longestGap(backup.redis.rdb) + backup.redis.deadline / 60,
    }),
    secretsBackupHours: longestGap(secrets.bundle) + small,
    ...(clusterEtcd && { clusterEtcdBackupHours: longestGap(clusterEtcd.snapshot) + small }),
    ...(vectorStore.kind === "qdrant" && { vectorsBackupHours: longestGap(vectors.take) + vectors.deadline }),
    ...(snapshots.class !== "none" &&
      offsite.backend !== "none" && {
        volumeCopyHours: longestGap(snapshots.copies.schedule) + snapshots.copies.deadline,
      }),
    ...(edge.sites.length > 0 && {
      edgeBackupHours: Math.max(...edge.sites.map(({ schedule, deadline }) => longestGap(schedule) + deadline)),
      edgeSites: edge.sites.map(({ name }) => name).join(" "),
    }),
    ...(velero.enabled && {
      // Velero gives up after four hours by itself (itemOperationTimeout).
      veleroDailyHours: longestGap(velero.daily) + 4,
      veleroWeeklyHours: longestGap(velero.weekly) + 4,
    }),
  };
}
