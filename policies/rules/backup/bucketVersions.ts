import { awsVersionsOf } from "../../read/aws.ts";
import { bucketsOf, type DeclaredBucket } from "../../read/buckets.ts";
import { rule } from "../../rule.ts";

/** B11: a lock keeps versions; without them an object that is overwritten is gone. */
export function bucketVersionViolations(bucket: Pick<DeclaredBucket, "name" | "purpose" | "versioned">): string[] {
  return bucket.purpose === "backup" && !bucket.versioned
    ? [`bucket "${bucket.name}" holds backups but keeps no versions: set versioned to true`]
    : [];
}

export const bucketVersions = rule({
  name: "backup-bucket-versions",
  requirement: "B11",
  description: "Backup buckets keep every version of an object.",
  why: "A lock protects versions: in a bucket without them an object that is overwritten is gone.",
  remediation: "Set versioned to true; on AWS versioningConfiguration.status to Enabled.",
  severity: "critical",
  sees: "resource",
  subjects: (resource) => [...bucketsOf(resource), ...awsVersionsOf(resource)],
  check: bucketVersionViolations,
});
