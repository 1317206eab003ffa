import { Alias } from "@pulumi/aws/kms/alias.js";
import { Key } from "@pulumi/aws/kms/key.js";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../../config/cluster.ts";
import { keyPolicy, type KeyPolicyArgs } from "./documents/key.ts";

export interface BucketKeyArgs extends KeyPolicyArgs {
  readonly cluster: Pick<ClusterSettings, "protect" | "retain">;
  /** Name by which people find it: "alias/...". */
  readonly alias: string;
  /** Days for which the order to delete it can be taken back. */
  readonly deletionDays: number;
  /** Users and roles that the policy names: AWS takes no policy about somebody who does not exist. */
  readonly after: readonly pulumi.Resource[];
}

/** The key that the objects of one region are encrypted with. AWS makes new material for it each year, and keeps the old for what is there. */
export class BucketKey extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: BucketKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:offsite:BucketKey", name, {}, opts);
    const kept = { parent: this, protect: args.cluster.protect, retainOnDelete: args.cluster.retain };
    const key = new Key(
      name,
      {
        description: `Backups off site, ${args.region}`,
        enableKeyRotation: true,
        deletionWindowInDays: args.deletionDays,
        policy: JSON.stringify(keyPolicy(args)),
      },
      { ...kept, dependsOn: [...args.after] },
    );
    new Alias(name, { name: args.alias, targetKeyId: key.keyId }, kept);
    this.arn = key.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
