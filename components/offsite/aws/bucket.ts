import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import { BucketObjectLockConfiguration } from "@pulumi/aws/s3/bucketObjectLockConfiguration.js";
import { BucketOwnershipControls } from "@pulumi/aws/s3/bucketOwnershipControls.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../../config/cluster.ts";
import { noncurrentDays } from "../../objectStore/buckets.ts";
import type { PolicyDocument } from "../../policyDocument.ts";

export interface LockedBucketArgs {
  readonly cluster: Pick<ClusterSettings, "protect" | "retain">;
  /** Its name on AWS. */
  readonly bucket: string;
  readonly region: string;
  /** "audit": files of a trail, which go for good when their lock has ended. */
  readonly purpose: "backup" | "audit";
  /** Days for which nobody can delete or change what was written. */
  readonly lockDays: number;
  /** ARN of a key in the same region. */
  readonly key: pulumi.Input<string>;
  readonly policy: PolicyDocument;
}

/** Days after which the parts of an upload that was never ended are removed. */
const uploadDays = 7;

/** A bucket that is locked from its creation on, keeps versions, encrypts with a key of ours and is closed to the public. */
export class LockedBucket extends pulumi.ComponentResource {
  /** All that must be there before anybody writes: what is written earlier has no lock. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: LockedBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:offsite:LockedBucket", name, {}, opts);
    // The parts, too: a bucket that stays without them would keep new objects unlocked and in the open.
    const kept = { parent: this, protect: args.cluster.protect, retainOnDelete: args.cluster.retain };
    const { bucket } = new Bucket(
      name,
      {
        bucket: args.bucket,
        region: args.region,
        objectLockEnabled: true,
        tags: { "dify-ha/purpose": args.purpose },
      },
      kept,
    );
    const versioning = new BucketVersioning(name, { bucket, versioningConfiguration: { status: "Enabled" } }, kept);
    const onVersions = { ...kept, dependsOn: [versioning] };
    const lock = new BucketObjectLockConfiguration(
      name,
      { bucket, rule: { defaultRetention: { mode: "COMPLIANCE", days: args.lockDays } } },
      onVersions,
    );
    const encryption = this.encryption(name, bucket, args, kept);
    const closed = this.closed(name, bucket, args.policy, kept);
    this.lifecycle(name, bucket, args, onVersions);
    this.ready = [versioning, lock, encryption, ...closed];
    this.registerOutputs({ bucket });
  }

  private encryption(
    name: string,
    bucket: pulumi.Output<string>,
    { key, purpose }: LockedBucketArgs,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource {
    const rule = {
      applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key },
      // One key for all objects of a bucket costs a hundredth of the requests to KMS; CloudTrail names each of its files to the key.
      bucketKeyEnabled: purpose === "backup",
    };
    return new BucketServerSideEncryptionConfiguration(name, { bucket, rules: [rule] }, opts);
  }

  private closed(
    name: string,
    bucket: pulumi.Output<string>,
    policy: PolicyDocument,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource[] {
    const block = new BucketPublicAccessBlock(
      name,
      { bucket, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      opts,
    );
    // S3 refuses two changes of a bucket's access at the same time.
    const next = (dependsOn: pulumi.Resource) => ({ ...opts, dependsOn: [dependsOn] });
    const owner = new BucketOwnershipControls(
      name,
      { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
      next(block),
    );
    return [block, owner, new BucketPolicy(name, { bucket, policy: JSON.stringify(policy) }, next(owner))];
  }

  private lifecycle(
    name: string,
    bucket: pulumi.Output<string>,
    { purpose, lockDays }: LockedBucketArgs,
    opts: pulumi.CustomResourceOptions,
  ): void {
    new BucketLifecycleConfiguration(
      name,
      {
        bucket,
        rules: [
          {
            id: "after-the-lock",
            status: "Enabled",
            filter: {},
            // The marker of a deletion goes with the last version that it hides.
            expiration: purpose === "audit" ? { days: lockDays } : { expiredObjectDeleteMarker: true },
            noncurrentVersionExpiration: { noncurrentDays: noncurrentDays(lockDays) },
            abortIncompleteMultipartUpload: { daysAfterInitiation: uploadDays },
          },
        ],
      },
      opts,
    );
  }
}
