import { awsKindOf, awsLocksOf, partOf } from "../../read/aws.ts";
import { bucketsOf } from "../../read/buckets.ts";
import type { Resource } from "../../read/resource.ts";
import { list, number, text, Unreadable } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** A bucket with a lock, and after how many days its lifecycle removes what. */
export interface LockedLifecycle {
  readonly bucket: string;
  readonly lockDays: number;
  /** Versions that were overwritten or deleted; undefined where they stay. */
  readonly noncurrentDays: number | undefined;
  /** Current versions; undefined where they stay. */
  readonly currentDays: number | undefined;
}

/** B11: a lock ends by the day of writing; who deletes on its last day must still be found out in time. */
export function lifecycleViolations({ bucket, lockDays, noncurrentDays, currentDays }: LockedLifecycle): string[] {
  return [
    ...violation(
      noncurrentDays !== undefined && noncurrentDays < lockDays,
      `bucket "${bucket}" removes deleted versions after ${noncurrentDays} days and is locked for ${lockDays}: set noncurrentDays to ${lockDays} or more`,
    ),
    ...violation(
      currentDays !== undefined && currentDays < lockDays,
      `bucket "${bucket}" removes backups after ${currentDays} days and is locked for ${lockDays}: take the expiration away`,
    ),
  ];
}

/** The least of some days; undefined where none are said. */
function least(days: readonly (number | undefined)[]): number | undefined {
  const said = days.filter((n) => n !== undefined);
  return said.length === 0 ? undefined : Math.min(...said);
}

/** Buckets of the stack's own store: the lifecycle is an entry of the same ConfigMap, in the words of S3. */
function ofOwnStore(resource: Resource): LockedLifecycle[] {
  return bucketsOf(resource).flatMap(({ name, purpose, lock }) => {
    if (purpose !== "backup" || !lock) return [];
    const rules = list(document(resource, `lifecycle-${name}.json`), "Rules");
    return [
      {
        bucket: name,
        lockDays: lock.days,
        noncurrentDays: least(rules.map((r) => number(r, "NoncurrentVersionExpiration", "NoncurrentDays"))),
        currentDays: least(rules.map((r) => number(r, "Expiration", "Days"))),
      },
    ];
  });
}

function document(resource: Resource, entry: string): unknown {
  try {
    return JSON.parse(text(resource.inputs, "data", entry) ?? "{}");
  } catch {
    throw new Unreadable(`its entry ${entry} is no JSON`);
  }
}

function onAws(resource: Resource, stack: readonly Resource[]): LockedLifecycle[] {
  const bucket = text(resource.inputs, "bucket") ?? "";
  const locks = partOf(bucket, "BucketObjectLockConfiguration", stack);
  const days = locks && awsLocksOf(locks)[0]?.lock?.days;
  if (days === undefined) return [];
  const rules = list(resource.inputs, "rules");
  return [
    {
      bucket,
      lockDays: days,
      noncurrentDays: least(rules.map((r) => number(r, "noncurrentVersionExpiration", "noncurrentDays"))),
      currentDays: least(rules.map((r) => number(r, "expiration", "days"))),
    },
  ];
}

export const bucketLifecycle = rule({
  name: "lifecycle-after-lock",
  requirement: "B11",
  description:
    "No lifecycle removes from a locked bucket what the lock is to keep, nor for as long again after a deletion.",
  why: "A lock counts from the writing: what is deleted on its last day would be gone the day after, before anybody has noticed.",
  remediation: "Set the days of noncurrent versions to those of the lock or more, and expire no current ones before.",
  severity: "high",
  sees: "stack",
  subjects: (resource, stack) =>
    awsKindOf(resource) === "BucketLifecycleConfiguration" ? onAws(resource, stack) : ofOwnStore(resource),
  check: lifecycleViolations,
});
