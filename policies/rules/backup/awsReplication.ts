import { awsBucketOf, awsKindOf, holdsBackups, partOf } from "../../read/aws.ts";
import type { Resource } from "../../read/resource.ts";
import { list, text } from "../../read/values.ts";
import { rule } from "../../rule.ts";

/** A bucket with backups on AWS, and where its objects are copied to. */
export interface ReplicatedBucket {
  readonly bucket: string;
  readonly region: string | undefined;
  readonly copies: readonly Copying[];
}

interface Copying {
  readonly enabled: boolean;
  /** What is encrypted with a key of ours is left out unless it is asked for. */
  readonly encrypted: boolean;
  /** Region of the bucket that it goes to; undefined when the stack does not declare that bucket. */
  readonly region: string | undefined;
}

/** B12: the loss of a region costs no backup. */
export function replicationViolations({ bucket, region, copies }: ReplicatedBucket): string[] {
  const said = `bucket "${bucket}" holds backups`;
  if (!copies.some(({ enabled }) => enabled))
    return [`${said} and is copied to no other region: declare a BucketReplicationConfig with a rule that is Enabled`];
  return copies.flatMap((copy) => [
    ...(copy.encrypted
      ? []
      : [`${said}, of which no encrypted object is copied: enable sourceSelectionCriteria.sseKmsEncryptedObjects`]),
    ...(region !== undefined && copy.region !== undefined && copy.region !== region
      ? []
      : [
          `${said} and is not copied to a bucket of this stack in another region: set destination.bucket and its region`,
        ]),
  ]);
}

const arn = /^arn:aws:s3:::/;

/** Rules by which a bucket is copied, and the names of the buckets that they lead to. */
function rulesOf(resource: Resource | undefined): readonly { readonly rule: unknown; readonly to: string }[] {
  return list(resource?.inputs, "rules").map((rule) => ({
    rule,
    to: (text(rule, "destination", "bucket") ?? "").replace(arn, ""),
  }));
}

function isReplica(bucket: string, stack: readonly Resource[]): boolean {
  return stack
    .filter((resource) => awsKindOf(resource) === "BucketReplicationConfig")
    .some((resource) => rulesOf(resource).some(({ to }) => to === bucket));
}

export const awsReplication = rule({
  name: "aws-replication",
  requirement: "B12",
  description: "Every bucket with backups on AWS is copied to another region.",
  why: "A region can be lost or be out of reach for days, and with it the only copy that was off site.",
  remediation:
    "Declare a BucketReplicationConfig with an enabled rule, for encrypted objects too, that leads to a bucket in another region.",
  severity: "high",
  sees: "stack",
  subjects: (resource, stack) => {
    const bucket = awsBucketOf(resource);
    if (bucket === undefined || !holdsBackups(resource) || isReplica(bucket, stack)) return [];
    const regionOf = (name: string) => text(stack.find((r) => awsBucketOf(r) === name)?.inputs, "region");
    const copies = rulesOf(partOf(bucket, "BucketReplicationConfig", stack)).map(({ rule, to }) => ({
      enabled: text(rule, "status") === "Enabled",
      encrypted: text(rule, "sourceSelectionCriteria", "sseKmsEncryptedObjects", "status") === "Enabled",
      region: regionOf(to),
    }));
    return [{ bucket, region: text(resource.inputs, "region"), copies }];
  },
  check: replicationViolations,
});
