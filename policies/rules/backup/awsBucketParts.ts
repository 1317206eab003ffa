import { awsBucketOf, partOf } from "../../read/aws.ts";
import { flag } from "../../read/values.ts";
import { rule } from "../../rule.ts";

/** What every bucket on AWS must have beside itself, so that the rules for it have something to look at. */
const parts = [
  "BucketObjectLockConfiguration",
  "BucketVersioning",
  "BucketServerSideEncryptionConfiguration",
  "BucketPublicAccessBlock",
  "BucketOwnershipControls",
  "BucketPolicy",
] as const;

/** A bucket on AWS, and which of its parts are declared. */
export interface AwsBucketParts {
  readonly bucket: string;
  readonly lockable: boolean;
  readonly present: readonly string[];
}

/** B11, B12: a side of a bucket that nobody declares is what AWS makes of it. */
export function bucketPartViolations({ bucket, lockable, present }: AwsBucketParts): string[] {
  return [
    ...(lockable ? [] : [`bucket "${bucket}" is made without object lock: set objectLockEnabled to true`]),
    ...parts
      .filter((part) => !present.includes(part))
      .map((part) => `bucket "${bucket}" has no ${part}: declare one for it`),
  ];
}

export const awsBucketParts = rule({
  name: "aws-bucket-parts",
  requirement: "B11, B12",
  description: "Every bucket on AWS declares its lock, versions, encryption, owner and who may reach it.",
  why: "What nobody declares about a bucket is what AWS makes of it, and no rule can look at it.",
  remediation:
    "Declare the named resource for the bucket; object lock can be turned on when a bucket is made, and never after.",
  severity: "high",
  sees: "stack",
  subjects: (resource, stack) => {
    const bucket = awsBucketOf(resource);
    if (bucket === undefined) return [];
    const present = parts.filter((part) => partOf(bucket, part, stack) !== undefined);
    return [{ bucket, lockable: flag(resource.inputs, "objectLockEnabled") === true, present }];
  },
  check: bucketPartViolations,
});
