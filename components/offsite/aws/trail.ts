import { Trail } from "@pulumi/aws/cloudtrail/trail.js";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../../config/cluster.ts";
import { bucketArn } from "../../policyDocument.ts";
import { LockedBucket } from "./bucket.ts";
import { trailBucketPolicy } from "./documents/trail.ts";
import { trailArn } from "./names.ts";

export interface DataTrailArgs {
  readonly cluster: Pick<ClusterSettings, "protect" | "retain">;
  readonly account: string;
  readonly region: string;
  /** Its name on AWS. */
  readonly trail: string;
  /** Where it delivers: a bucket that is made for it. */
  readonly bucket: string;
  /** Days for which its files are locked; then they go. */
  readonly days: number;
  /** ARN of the region's key. */
  readonly key: pulumi.Input<string>;
  /** Buckets, in all regions, whose requests it records. */
  readonly watched: readonly string[];
}

/** Who read, wrote or tried to delete what in the buckets, and who changed what about them. */
export class DataTrail extends pulumi.ComponentResource {
  constructor(name: string, args: DataTrailArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:offsite:DataTrail", name, {}, opts);
    const { cluster, account, region, trail, bucket, key } = args;
    const policy = trailBucketPolicy({ bucket, account, trail: trailArn(account, region, trail) });
    const target = new LockedBucket(
      name,
      { cluster, bucket, region, purpose: "audit", lockDays: args.days, key, policy },
      { parent: this },
    );
    const objects = { type: "AWS::S3::Object", values: args.watched.map((watched) => `${bucketArn(watched)}/`) };
    new Trail(
      name,
      {
        name: trail,
        s3BucketName: bucket,
        kmsKeyId: key,
        // The replicas are in another region.
        isMultiRegionTrail: true,
        enableLogFileValidation: true,
        eventSelectors: [{ readWriteType: "All", includeManagementEvents: true, dataResources: [objects] }],
      },
      { parent: this, dependsOn: [...target.ready] },
    );
    this.registerOutputs({ bucket });
  }
}
