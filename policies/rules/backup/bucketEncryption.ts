import { awsEncryptionOf } from "../../read/aws.ts";
import { bucketsOf, type DeclaredBucket } from "../../read/buckets.ts";
import { rule } from "../../rule.ts";

/** B11: who takes the disks of the object store away cannot read the backups on them. */
export function bucketEncryptionViolations(bucket: Pick<DeclaredBucket, "name" | "purpose" | "encrypted">): string[] {
  return bucket.purpose === "backup" && !bucket.encrypted
    ? [`bucket "${bucket.name}" holds backups but is not encrypted: set encryption to the name of a KMS key`]
    : [];
}

export const bucketEncryption = rule({
  name: "backup-bucket-encryption",
  requirement: "B11",
  description: "Backup buckets are encrypted with a key that is not kept in them.",
  why: "Whoever gets at the disks of a store must not be able to read the backups on them.",
  remediation: 'Set encryption to the name of a KMS key; on AWS sseAlgorithm "aws:kms" with kmsMasterKeyId.',
  severity: "high",
  sees: "resource",
  subjects: (resource) => [...bucketsOf(resource), ...awsEncryptionOf(resource)],
  check: bucketEncryptionViolations,
});
