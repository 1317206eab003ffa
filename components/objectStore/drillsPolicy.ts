import { bucketArn, objectsArn, policyOf, type PolicyDocument } from "../policyDocument.ts";
import {
  backupBucketActions,
  backupObjectActions,
  bucketActions,
  denied,
  readBucketActions,
  readObjectActions,
} from "./policyDocument.ts";

/** The user of drills; its access key, and the name of its policy. */
export const drillsUser = "drills";

/** Folder of the locked buckets in which drills leave their results, and try the lock. */
export const drillsFolder = "drills";

/** What the lock of a bucket is tried with: rights that everybody else is denied, so that a refusal is the lock's. */
const trials = ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention"];

/** Buckets by what a drill does with them. */
export interface DrillBuckets {
  /** Locked: read, and in a folder of its own written to. */
  readonly locked: readonly string[];
  /** Of which the backups are copies: read, to be compared with them. */
  readonly originals: readonly string[];
}

/** Rights of the user for drills: it sees all that lies in these buckets, and changes nothing outside its own folder. */
export function drillsPolicy({ locked, originals }: DrillBuckets): PolicyDocument {
  return policyOf(
    {
      Sid: "Buckets",
      Effect: "Allow",
      Action: [...bucketActions, ...backupBucketActions],
      Resource: locked.map(bucketArn),
    },
    {
      Sid: "Objects",
      Effect: "Allow",
      Action: ["s3:GetObject", ...backupObjectActions],
      Resource: locked.map(objectsArn),
    },
    { Sid: "Originals", Effect: "Allow", Action: readBucketActions, Resource: originals.map(bucketArn) },
    { Sid: "OriginalObjects", Effect: "Allow", Action: readObjectActions, Resource: originals.map(objectsArn) },
    {
      Sid: "Trials",
      Effect: "Allow",
      Action: trials,
      Resource: locked.map((bucket) => objectsArn(`${bucket}/${drillsFolder}`)),
    },
    {
      Sid: "Never",
      Effect: "Deny",
      Action: denied.filter((action) => !trials.includes(action)),
      Resource: ["arn:aws:s3:::*"],
    },
  );
}
