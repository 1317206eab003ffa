import { awsLocksOf } from "../../read/aws.ts";
import { bucketsOf, type DeclaredBucket } from "../../read/buckets.ts";
import type { Resource } from "../../read/resource.ts";
import { rule, violation } from "../../rule.ts";

type Lockable = Pick<DeclaredBucket, "name" | "lock">;

/** A bucket before an update and after it. */
export interface LockChange {
  readonly before: Lockable;
  readonly after: Lockable;
}

const strength = { COMPLIANCE: 2, GOVERNANCE: 1 } as const;

/** B11: what was promised to be kept for so long stays promised. */
export function weakeningViolations({ before, after }: LockChange): string[] {
  if (!before.lock) return [];
  const { name } = after;
  const was = `was locked for ${before.lock.days} days in mode ${before.lock.mode}`;
  if (!after.lock) return [`bucket "${name}" ${was} and would have no lock: set it again`];
  return [
    ...violation(
      after.lock.days < before.lock.days,
      `bucket "${name}" ${was} and would be for ${after.lock.days}: set lock.days to ${before.lock.days} or more`,
    ),
    ...violation(
      strength[after.lock.mode] < strength[before.lock.mode],
      `bucket "${name}" ${was} and would be in mode ${after.lock.mode}: set lock.mode to ${before.lock.mode}`,
    ),
  ];
}

function locksOf(resource: Resource): Lockable[] {
  return [...bucketsOf(resource), ...awsLocksOf(resource)];
}

export const lockNotWeakened = rule({
  name: "lock-not-weakened",
  requirement: "B11",
  description:
    "No update shortens a lock or makes it weaker, where the state before it is given (POLICY_PREVIOUS_STATE).",
  why: "Who cannot delete backups today can shorten the lock of tomorrow's, and wait.",
  remediation: "Keep the days and mode that the bucket had; a shorter lock wants another bucket.",
  severity: "critical",
  sees: "resource",
  subjects: (resource, _stack, _parameters, previous = []) => {
    const after = locksOf(resource);
    if (after.length === 0) return [];
    const before = previous.filter(({ type }) => type === resource.type).flatMap(locksOf);
    return after.flatMap((bucket) =>
      before.filter(({ name }) => name === bucket.name).map((was) => ({ before: was, after: bucket })),
    );
  },
  check: weakeningViolations,
});
