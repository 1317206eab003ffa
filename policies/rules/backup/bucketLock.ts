import { awsLocksOf } from "../../read/aws.ts";
import { bucketsOf, type DeclaredBucket } from "../../read/buckets.ts";
import { rule } from "../../rule.ts";

/** B11: what is written to a backup bucket cannot be deleted or overwritten before its time, by anyone. */
export function bucketLockViolations(
  { name, purpose, lock }: Pick<DeclaredBucket, "name" | "purpose" | "lock">,
  minimumDays: number,
): string[] {
  if (purpose !== "backup") return [];
  if (!lock) return [`bucket "${name}" holds backups but has no object lock: set lock.mode and lock.days`];
  if (lock.mode !== "COMPLIANCE")
    return [
      `bucket "${name}" locks backups in mode ${lock.mode}, which its owner can lift: set lock.mode to COMPLIANCE`,
    ];
  if (lock.days < minimumDays)
    return [
      `bucket "${name}" locks backups for ${lock.days} days; the policy asks for ${minimumDays}: raise lock.days`,
    ];
  return [];
}

export const bucketLock = rule({
  name: "backup-bucket-lock",
  requirement: "B11",
  description: "What is written to a backup bucket can be deleted or overwritten by nobody before its time.",
  why: "Whoever gets hold of the credentials deletes the backups first: only a lock that nobody can lift stands against that.",
  remediation:
    "Set lock.mode to COMPLIANCE and lock.days to what the policy asks for (objectStore.retention, offsite.lock).",
  severity: "critical",
  sees: "resource",
  parameters: {
    minimumDays: {
      type: "integer",
      minimum: 1,
      description: "Days for which a backup must be locked: longer than an intruder goes unnoticed.",
      default: 30,
    },
  },
  subjects: (resource) => [...bucketsOf(resource), ...awsLocksOf(resource)],
  check: (bucket, { minimumDays }) => bucketLockViolations(bucket, minimumDays),
});
