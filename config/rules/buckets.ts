import type { Problem } from "../rules.ts";

/** Locks and users are set by bucket, so that two purposes cannot share one. */
export function differentBuckets(path: string, names: readonly string[]): Problem[] {
  return new Set(names).size === names.length
    ? []
    : [
        {
          path,
          problem: `${names.join(", ")} names a bucket twice`,
          remedy: "give each purpose a bucket of its own: locks and users are set by bucket",
        },
      ];
}

interface LockDays {
  readonly backupDays: number;
  readonly catalogueDays: number;
}

/** Records outlive the backups that they tell of. */
export function recordsOutliveBackups(path: string, { backupDays, catalogueDays }: LockDays): Problem[] {
  return catalogueDays >= backupDays
    ? []
    : [
        {
          path: `${path}.catalogueDays`,
          problem: `${catalogueDays} days end before the backups of ${backupDays} days`,
          remedy: `give at least ${backupDays}`,
        },
      ];
}
