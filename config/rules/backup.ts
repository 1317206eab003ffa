import type { BackupSettings } from "../backup.ts";
import type { ObjectStoreSettings } from "../objectStore.ts";
import type { OffsiteSettings } from "../offsite.ts";
import { rule, type Problem } from "../rules.ts";
import { firstCoincidence, longestGap } from "../schedule.ts";

type Schedule = "full" | "incremental" | "offsiteFull" | "offsiteIncremental";
const base: readonly Schedule[] = ["full", "incremental", "offsiteFull", "offsiteIncremental"];

/** Two schedules that begin at the same minute at some time. */
function together(path: string, [name, schedule]: readonly [string, string], own: string, length: string): Problem[] {
  const both = firstCoincidence(schedule, own);
  return both
    ? [
        {
          path,
          problem: `"${own}" begins at the same minute as ${name} ("${schedule}"): ${both.toISOString()}`,
          remedy: `give them different minutes, further apart than a ${length} takes`,
        },
      ]
    : [];
}

/** One after the other waits for the lock, and its time runs. */
function coincidences({ postgres }: BackupSettings): Problem[] {
  return base.flatMap((one, i) =>
    base
      .slice(i + 1)
      .flatMap((other) => together(`backup.postgres.${other}`, [one, postgres[one]], postgres[other], "backup")),
  );
}

/** Checks on schedules and on how long their results are kept. */
export const backupRules = [
  rule("base backups do not begin together", ["backup"], ({ backup }) => coincidences(backup)),
  rule("copies of buckets are not made at the same time", ["backup"], ({ backup: { objects, coordinated } }) =>
    together("backup.coordinated.take", ["objects.copy", objects.copy], coordinated.take, "copy"),
  ),
  rule("what no event told of is found in time", ["backup", "offsite"], ({ backup, offsite }) => {
    const { list, behind } = backup.objects.follow;
    // It waits for the next listing, which takes its time, and then for its copy.
    return offsite.backend === "none" || 2 * list <= behind
      ? []
      : [
          {
            path: "backup.objects.follow.list",
            problem: `${list} s between two listings leave no time to copy what they find within ${behind} s (backup.objects.follow.behind)`,
            remedy: `give at most ${Math.floor(behind / 2)}`,
          },
        ];
  }),
  rule("what is deleted stays off site for longer than that is behind", ["backup"], ({ backup }) => {
    const { grace, behind } = backup.objects.follow;
    return grace >= 2 * behind
      ? []
      : [
          {
            path: "backup.objects.follow.grace",
            problem: `after ${grace} s a file may be gone that a row of the newest instant names, which may be ${behind} s old`,
            remedy: `give at least ${2 * behind}`,
          },
        ];
  }),
  rule("an older full backup is there until the next one", ["backup", "postgres"], ({ backup, postgres }) => {
    if (postgres.backend === "external") return [];
    return (["full", "offsiteFull"] as const).flatMap((schedule) => {
      const days = longestGap(backup.postgres[schedule]) / 24;
      return days <= postgres.archive.retentionDays
        ? []
        : [
            {
              path: `backup.postgres.${schedule}`,
              problem: `"${backup.postgres[schedule]}" leaves up to ${Math.ceil(days)} days between full backups, longer than any is kept (${postgres.archive.retentionDays})`,
              remedy: "take them more often, or raise postgres.archive.retentionDays",
            },
          ];
    });
  }),
  rule("snapshots have an image with Python", ["backup", "postgres"], ({ backup: { snapshots }, postgres }) =>
    snapshots.class === "none" || snapshots.image !== undefined || postgres.backend === "patroni"
      ? []
      : [
          {
            path: "backup.snapshots.image",
            problem: "it is left out, and there is no image of Postgres to take in its place",
            remedy: "name an image with Python 3",
          },
        ],
  ),
  rule(
    "what is uploaded is there until the next of its kind",
    ["backup"],
    ({ backup: { postgres, redis, vectors, etcd, clusterEtcd, snapshots, secrets } }) => [
      ...kept("postgres.dumpDays", postgres.dump, postgres.dumpDays),
      ...kept("redis.keepDays", redis.rdb, redis.keepDays),
      ...kept("vectors.keepDays", vectors.take, vectors.keepDays),
      ...kept("etcd.keepDays", etcd.snapshot, etcd.keepDays),
      ...(clusterEtcd ? kept("clusterEtcd.keepDays", clusterEtcd.snapshot, clusterEtcd.keepDays) : []),
      ...(snapshots.class === "none" ? [] : keptSnapshots(snapshots)),
      ...kept("secrets.keepDays", secrets.bundle, secrets.keepDays),
    ],
  ),
  rule("buckets of edge sites can be made", ["backup", "objectStore"], ({ backup, objectStore }) =>
    objectStore.backend === "minio" || backup.edge.sites.length === 0
      ? []
      : [
          {
            path: "backup.edge.sites",
            problem: "each site needs a bucket and a user of its own, which are made in the stack's own MinIO only",
            remedy: 'set objectStore.backend to "minio", or leave the sites out',
          },
        ],
  ),
  rule("a backup of Velero's is kept until the next one", ["backup"], ({ backup: { velero } }) =>
    velero.enabled
      ? [
          ...kept("velero.dailyDays", velero.daily, velero.dailyDays),
          ...kept("velero.weeklyDays", velero.weekly, velero.weeklyDays),
        ]
      : [],
  ),
  rule(
    "Velero keeps a backup for longer than the bucket locks it",
    ["backup", "objectStore", "offsite"],
    ({ backup: { velero }, objectStore, offsite }) => {
      if (!velero.enabled) return [];
      const near = clusterLock(objectStore);
      const far = offsite.backend === "none" ? near : offsiteLock(offsite);
      return [
        ...outlivesLock("dailyDays", velero.dailyDays, near),
        ...outlivesLock("weeklyDays", velero.weeklyDays, far),
      ];
    },
  ),
];

/** A lock that the settings know of. */
interface Lock {
  readonly path: string;
  readonly days: number;
}

function clusterLock(store: ObjectStoreSettings): Lock | undefined {
  return store.backend === "minio"
    ? { path: "objectStore.retention.backupDays", days: store.retention.backupDays }
    : undefined;
}

function offsiteLock(offsite: OffsiteSettings): Lock | undefined {
  return offsite.backend === "aws" ? { path: "offsite.lock.backupDays", days: offsite.lock.backupDays } : undefined;
}

/** B9: what is deleted while it is locked disappears from Velero, and stays in the bucket. */
function outlivesLock(setting: "dailyDays" | "weeklyDays", days: number, lock: Lock | undefined): Problem[] {
  return !lock || days > lock.days
    ? []
    : [
        {
          path: `backup.velero.${setting}`,
          problem: `after ${days} days Velero deletes what is locked for ${lock.days} (${lock.path}): it would be gone for Velero and stay in the bucket`,
          remedy: `give at least ${lock.days + 1}`,
        },
      ];
}

function keptSnapshots({ schedule, keepDays, copies }: BackupSettings["snapshots"]): Problem[] {
  return [
    ...kept("snapshots.keepDays", schedule, keepDays),
    ...kept("snapshots.copies.keepDays", copies.schedule, copies.keepDays),
  ];
}

function kept(path: string, schedule: string, keepDays: number): Problem[] {
  const days = Math.ceil(longestGap(schedule) / 24);
  return days <= keepDays
    ? []
    : [
        {
          path: `backup.${path}`,
          problem: `${keepDays} days end before the next run of "${schedule}" (${days} days)`,
          remedy: `give at least ${days}`,
        },
      ];
}
