import { bucketArn, objectsArn, policyOf, type PolicyDocument, type PolicyStatement } from "../policyDocument.ts";
import type { DeclaredBucket } from "./buckets.ts";

/** What clients do with a bucket, and with its objects. */
export const bucketActions = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"];
export const objectActions = [
  "s3:GetObject",
  "s3:PutObject",
  "s3:DeleteObject",
  "s3:AbortMultipartUpload",
  "s3:ListMultipartUploadParts",
];

/** For whoever must see that backups are locked, and read them as they were. */
export const backupBucketActions = [
  "s3:ListBucketVersions",
  "s3:GetBucketVersioning",
  "s3:GetBucketObjectLockConfiguration",
];
export const backupObjectActions = ["s3:GetObjectVersion", "s3:GetObjectRetention"];

/** Known to MinIO only. */
export const minioDenied = "s3:ForceDeleteBucket";

/**
 * What nobody but the administrator may do. MinIO allows the deletion of a version to whoever may delete objects, unless it is
 * denied; Dify makes a bucket that it does not find, without lock and encryption.
 */
export const denied = [
  "s3:CreateBucket",
  "s3:DeleteBucket",
  minioDenied,
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

/** Of a bucket that backups are made of. */
export const readBucketActions = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions"];
/** Known to MinIO only: to be told of events while one listens. */
export const listenAction = "s3:ListenBucketNotification";
export const readObjectActions = ["s3:GetObject", "s3:GetObjectVersion"];

/** Folders of a repository of restic to which a backup adds. What it is read by, config and keys, is made in the centre. */
const grownFolders = ["data", "index", "snapshots", "locks"];

type Rights = Pick<DeclaredBucket, "name" | "purpose" | "reads" | "keeps" | "appendOnly">;

/** The rights of a bucket's one user: that bucket, and of it only what its clients do; and to read what it makes backups of. */
export function policyDocument({ name, purpose, reads, keeps = [], appendOnly }: Rights): PolicyDocument {
  const backup = purpose === "backup";
  const never: PolicyStatement = { Sid: "Never", Effect: "Deny", Action: denied, Resource: ["arn:aws:s3:::*"] };
  if (appendOnly) return policyOf(...additionStatements(name), never);
  return policyOf(
    {
      Sid: "Bucket",
      Effect: "Allow",
      Action: [...bucketActions, ...(backup ? backupBucketActions : [])],
      Resource: [name, ...keeps].map(bucketArn),
    },
    {
      Sid: "Objects",
      Effect: "Allow",
      Action: [...objectActions, ...(backup ? backupObjectActions : [])],
      Resource: [name, ...keeps].map(objectsArn),
    },
    ...(reads.length > 0 ? readStatements(reads) : []),
    never,
  );
}

function additionStatements(bucket: string): PolicyStatement[] {
  const within = (folder: string) => objectsArn(`${bucket}/${folder}`);
  const adds = objectActions.filter((action) => action !== "s3:DeleteObject");
  return [
    { Sid: "Bucket", Effect: "Allow", Action: bucketActions, Resource: [bucketArn(bucket)] },
    { Sid: "Objects", Effect: "Allow", Action: ["s3:GetObject"], Resource: [objectsArn(bucket)] },
    { Sid: "Additions", Effect: "Allow", Action: adds, Resource: grownFolders.map(within) },
    { Sid: "Locks", Effect: "Allow", Action: ["s3:DeleteObject"], Resource: [within("locks")] },
  ];
}

function readStatements(buckets: readonly string[]): PolicyStatement[] {
  return [
    {
      Sid: "SourceBuckets",
      Effect: "Allow",
      Action: [...readBucketActions, listenAction],
      Resource: buckets.map(bucketArn),
    },
    { Sid: "SourceObjects", Effect: "Allow", Action: readObjectActions, Resource: buckets.map(objectsArn) },
  ];
}
