import { bucketArn, objectsArn, policyOf, type PolicyDocument } from "../../../policyDocument.ts";
import type { BucketPair } from "../names.ts";

/** Only S3 takes the role of the replication. */
export const replicationTrust: PolicyDocument = policyOf({
  Sid: "Replication",
  Effect: "Allow",
  Principal: { Service: "s3.amazonaws.com" },
  Action: ["sts:AssumeRole"],
});

/** What S3 may do when it copies: read versions and their locks here, write replicas there. */
export function replicationPolicy(home: BucketPair, replica: BucketPair): PolicyDocument {
  const [from, to] = [Object.values(home), Object.values(replica)];
  return policyOf(
    {
      Sid: "Buckets",
      Effect: "Allow",
      Action: ["s3:GetReplicationConfiguration", "s3:ListBucket"],
      Resource: from.map(bucketArn),
    },
    {
      Sid: "Objects",
      Effect: "Allow",
      Action: [
        "s3:GetObjectVersionForReplication",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionTagging",
        "s3:GetObjectRetention",
        "s3:GetObjectLegalHold",
      ],
      Resource: from.map(objectsArn),
    },
    {
      Sid: "Replicas",
      Effect: "Allow",
      Action: ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
      Resource: to.map(objectsArn),
    },
  );
}
