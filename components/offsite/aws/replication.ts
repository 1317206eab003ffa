import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { BucketReplicationConfig } from "@pulumi/aws/s3/bucketReplicationConfig.js";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../../config/cluster.ts";
import { bucketArn } from "../../policyDocument.ts";
import { replicationPolicy, replicationTrust } from "./documents/replication.ts";
import type { BucketPair } from "./names.ts";

export interface ReplicationRoleArgs {
  /** Its name on AWS. */
  readonly role: string;
  readonly home: BucketPair;
  readonly replica: BucketPair;
}

/** What S3 takes to copy: from these buckets to those, and nothing else. */
export class ReplicationRole extends pulumi.ComponentResource {
  readonly role: Role;
  /** Without it nothing is copied. */
  readonly policy: RolePolicy;

  constructor(name: string, args: ReplicationRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:offsite:ReplicationRole", name, {}, opts);
    this.role = new Role(
      name,
      { name: args.role, assumeRolePolicy: JSON.stringify(replicationTrust) },
      { parent: this },
    );
    this.policy = new RolePolicy(
      name,
      { name: "replication", role: this.role.name, policy: JSON.stringify(replicationPolicy(args.home, args.replica)) },
      { parent: this },
    );
    this.registerOutputs({ role: this.role.name });
  }
}

export interface ReplicationArgs {
  readonly cluster: Pick<ClusterSettings, "protect" | "retain">;
  readonly from: string;
  readonly to: string;
  readonly by: ReplicationRole;
  /** ARN of the key in the other region. */
  readonly replicaKey: pulumi.Input<string>;
  /** Both buckets, versioned and locked: S3 copies from and to no other. */
  readonly after: readonly pulumi.Resource[];
}

/** Minutes within which AWS promises 99.9 % of the copies (replication time control), and after which it counts a copy as late. */
const minutes = 15;

/** Copies each object, with its lock, and each deletion's marker to a bucket in the other region. What was there before is not copied. */
export function replication(
  name: string,
  { cluster, from, to, by, replicaKey, after }: ReplicationArgs,
  opts: pulumi.CustomResourceOptions,
): BucketReplicationConfig {
  return new BucketReplicationConfig(
    name,
    {
      bucket: from,
      role: by.role.arn,
      rules: [
        {
          id: "everything",
          status: "Enabled",
          filter: {},
          deleteMarkerReplication: { status: "Enabled" },
          sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
          destination: {
            bucket: bucketArn(to),
            encryptionConfiguration: { replicaKmsKeyId: replicaKey },
            metrics: { status: "Enabled", eventThreshold: { minutes } },
            replicationTime: { status: "Enabled", time: { minutes } },
          },
        },
      ],
    },
    { ...opts, dependsOn: [...after, by.policy], protect: cluster.protect, retainOnDelete: cluster.retain },
  );
}
