import { bucketsOf } from "../../read/buckets.ts";
import { workloadOf } from "../../read/workloads.ts";
import { rule } from "../../rule.ts";

/** An object store of the stack's own, and how many of its buckets hold backups. */
export interface ObjectStoreBuckets {
  readonly backupBuckets: number;
}

/** B11: the rules for backup buckets must find one, or they would hold for nothing. */
export function backupBucketViolations({ backupBuckets }: ObjectStoreBuckets): string[] {
  return backupBuckets > 0
    ? []
    : [
        'no bucket for backups is declared in it: list one with purpose "backup" in buckets.json of the ConfigMap ' +
          "labelled dify-ha/declares: buckets",
      ];
}

export const backupBuckets = rule({
  name: "backup-buckets",
  requirement: "B11",
  description: "The stack's own object store declares a bucket for backups.",
  why: "Where no bucket is declared for backups, every rule about such buckets holds for nothing.",
  remediation:
    'List a bucket with purpose "backup" in buckets.json of the ConfigMap labelled dify-ha/declares: buckets.',
  severity: "high",
  sees: "stack",
  subjects: (resource, stack) => {
    if (workloadOf(resource)?.name !== "minio") return [];
    const backups = stack.flatMap(bucketsOf).filter((bucket) => bucket.purpose === "backup");
    return [{ backupBuckets: backups.length }];
  },
  check: backupBucketViolations,
});
