import type { BackupSettings } from "../backup.ts";
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
  rule(
    "what is uploaded is there until the next of its kind",
    ["backup"],
    ({ backup: { postgres, redis, etcd, secrets } }) => [
      ...kept("postgres.dumpDays", postgres.dump, postgres.dumpDays),
      ...kept("redis.keepDays", redis.rdb, redis.keepDays),
      ...kept("etcd.keepDays", etcd.snapshot, etcd.keepDays),
      ...kept("secrets.keepDays", secrets.bundle, secrets.keepDays),
    ],
  ),
];

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
