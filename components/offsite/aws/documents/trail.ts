import { bucketArn, policyOf, type PolicyDocument } from "../../../policyDocument.ts";
import { encryptedConnections } from "./bucket.ts";

export interface TrailBucketArgs {
  readonly bucket: string;
  readonly account: string;
  /** ARN of the trail, the only one that may deliver here. */
  readonly trail: string;
}

/** Policy of the bucket that a trail delivers to. */
export function trailBucketPolicy({ bucket, account, trail }: TrailBucketArgs): PolicyDocument {
  const cloudTrail = { Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" } } as const;
  return policyOf(
    ...encryptedConnections(bucket),
    {
      Sid: "TrailCheck",
      ...cloudTrail,
      Action: ["s3:GetBucketAcl"],
      Resource: [bucketArn(bucket)],
      Condition: { StringEquals: { "aws:SourceArn": trail } },
    },
    {
      Sid: "TrailDeliver",
      ...cloudTrail,
      Action: ["s3:PutObject"],
      Resource: [`${bucketArn(bucket)}/AWSLogs/${account}/*`],
      Condition: { StringEquals: { "aws:SourceArn": trail, "s3:x-amz-acl": "bucket-owner-full-control" } },
    },
  );
}
