import type { DeclaredBucket } from "./buckets.ts";

/** A policy as S3's access management takes it. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

const bucketActions = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"];
const objectActions = [
  "s3:GetObject",
  "s3:PutObject",
  "s3:DeleteObject",
  "s3:AbortMultipartUpload",
  "s3:ListMultipartUploadParts",
];

/** For whoever must see that backups are locked, and read them as they were. */
const backupBucketActions = ["s3:ListBucketVersions", "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration"];
const backupObjectActions = ["s3:GetObjectVersion", "s3:GetObjectRetention"];

/**
 * What nobody but the administrator may do. MinIO allows the deletion of a version to whoever may delete objects, unless it is
 * denied; Dify makes a bucket that it does not find, without lock and encryption.
 */
const denied = [
  "s3:CreateBucket",
  "s3:DeleteBucket",
  "s3:ForceDeleteBucket",
  "s3:DeleteObjectVersion",
  "s3:BypassGovernanceRetention",
  "s3:PutBucketObjectLockConfiguration",
  "s3:PutObjectRetention",
  "s3:PutObjectLegalHold",
  "s3:PutBucketVersioning",
  "s3:PutLifecycleConfiguration",
  "s3:PutEncryptionConfiguration",
  "s3:PutBucketPolicy",
  "s3:DeleteBucketPolicy",
];

/** The rights of a bucket's one user: that bucket, and of it only what its clients do. */
export function policyDocument({ name, purpose }: Pick<DeclaredBucket, "name" | "purpose">): PolicyDocument {
  const bucket = [`arn:aws:s3:::${name}`];
  const objects = [`arn:aws:s3:::${name}/*`];
  const backup = purpose === "backup";
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Bucket",
        Effect: "Allow",
        Action: [...bucketActions, ...(backup ? backupBucketActions : [])],
        Resource: bucket,
      },
      {
        Sid: "Objects",
        Effect: "Allow",
        Action: [...objectActions, ...(backup ? backupObjectActions : [])],
        Resource: objects,
      },
      { Sid: "Never", Effect: "Deny", Action: denied, Resource: ["arn:aws:s3:::*"] },
    ],
  };
}
