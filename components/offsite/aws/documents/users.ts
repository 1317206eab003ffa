import {
  backupBucketActions,
  backupObjectActions,
  bucketActions,
  denied,
  minioDenied,
  objectActions,
} from "../../../objectStore/policyDocument.ts";
import { bucketArn, objectsArn, policyOf, type PolicyDocument, type PolicyStatement } from "../../../policyDocument.ts";

/** What no user may do to any bucket, whatever else allows it; the use of keys is in the keys' own policy. */
const never = [
  ...denied.filter((action) => action !== minioDenied),
  "s3:PutReplicationConfiguration",
  "s3:PutBucketPublicAccessBlock",
  "s3:PutBucketOwnershipControls",
  "s3:PutBucketAcl",
  "s3:PutObjectAcl",
  "s3:PutObjectVersionAcl",
];

const withoutDeletion = objectActions.filter((action) => action !== "s3:DeleteObject");
const changes = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"];

/**
 * Rights of the user that writes backups. It may delete, since pgBackRest's expire does; in a bucket with versions that puts a marker over what is
 * locked, and takes nothing away.
 */
export function backupsWriterPolicy(bucket: string): PolicyDocument {
  return policyOf(...rights([bucket], objectActions), refusal(never));
}

/** Rights of the user that writes records of backups. It deletes nothing. */
export function catalogueWriterPolicy(bucket: string): PolicyDocument {
  return policyOf(...rights([bucket], withoutDeletion), refusal([...never, "s3:DeleteObject"]));
}

/** Rights of the user for drills and restores: it sees all that lies in these buckets, and changes nothing. */
export function readerPolicy(buckets: readonly string[]): PolicyDocument {
  return policyOf(...rights(buckets, ["s3:GetObject"]), refusal([...never, ...changes]));
}

function rights(buckets: readonly string[], actions: readonly string[]): PolicyStatement[] {
  return [
    {
      Sid: "Buckets",
      Effect: "Allow",
      Action: [...bucketActions, ...backupBucketActions],
      Resource: buckets.map(bucketArn),
    },
    {
      Sid: "Objects",
      Effect: "Allow",
      Action: [...actions, ...backupObjectActions],
      Resource: buckets.map(objectsArn),
    },
  ];
}

function refusal(actions: readonly string[]): PolicyStatement {
  return { Sid: "Never", Effect: "Deny", Action: actions, Resource: ["arn:aws:s3:::*"] };
}
