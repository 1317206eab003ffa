import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../../config/cluster.ts";
import type { AwsOffsiteSettings } from "../../../config/offsite.ts";
import { LockedBucket } from "./bucket.ts";
import { backupBucketPolicy } from "./documents/bucket.ts";
import type { KeyUse } from "./documents/key.ts";
import { BucketKey } from "./key.ts";
import type { BucketPair, BucketRole } from "./names.ts";

export interface RegionArgs {
  readonly cluster: Pick<ClusterSettings, "protect" | "retain">;
  readonly settings: Pick<AwsOffsiteSettings, "account" | "lock" | "keyDeletionDays">;
  readonly region: string;
  readonly buckets: BucketPair;
  readonly keyAlias: string;
  /** Who may use the key. */
  readonly uses: readonly KeyUse[];
  /** Name of the trail whose files the key encrypts, too. @default none */
  readonly trail?: string | undefined;
  /** All that `uses` names. */
  readonly actors: readonly pulumi.Resource[];
}

/** One region's half of the off site: a key, and the buckets that are encrypted with it. */
export class OffsiteRegion extends pulumi.ComponentResource {
  /** ARN of the key. */
  readonly key: pulumi.Output<string>;
  /** The buckets with everything about them. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: RegionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:offsite:OffsiteRegion", name, {}, opts);
    const { cluster, settings, region, buckets, keyAlias, uses, trail, actors } = args;
    const { account, lock, keyDeletionDays } = settings;
    this.key = new BucketKey(
      name,
      { cluster, account, region, alias: keyAlias, deletionDays: keyDeletionDays, uses, trail, after: actors },
      { parent: this },
    ).arn;
    const bucket = (role: BucketRole, lockDays: number) =>
      new LockedBucket(
        `${name}-${role}`,
        {
          cluster,
          bucket: buckets[role],
          region,
          purpose: "backup",
          lockDays,
          key: this.key,
          policy: backupBucketPolicy(buckets[role]),
        },
        { parent: this },
      );
    this.ready = [bucket("backups", lock.backupDays), bucket("catalogue", lock.catalogueDays)].flatMap((b) => b.ready);
    this.registerOutputs({ key: this.key });
  }
}
