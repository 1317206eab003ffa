import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { MinioSettings } from "../../config/objectStore.ts";
import { oneTimeJob } from "../workload/job.ts";
import { workloadLabels } from "../workload/labels.ts";
import { bucketLines, lifecycle, type BucketRole, type DeclaredBucket } from "./buckets.ts";
import { drillsPolicy, drillsUser } from "./drillsPolicy.ts";
import { policyDocument } from "./policyDocument.ts";

const script = readFileSync(new URL("../../scripts/object-store/bootstrap.sh", import.meta.url), "utf8");

/**
 * All that decides what the bootstrap does: the buckets as JSON for policies, and the same for a shell without a JSON parser; and the user of drills, who
 * has no bucket.
 * @param tried Those whose backups are tried.
 */
export function bootstrapFiles(
  buckets: readonly DeclaredBucket[],
  tried: Readonly<Record<BucketRole, DeclaredBucket>>,
): Readonly<Record<string, string>> {
  const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
  const named = (...roles: readonly BucketRole[]) => roles.map((role) => tried[role].name);
  const rights = drillsPolicy({ locked: named("backups", "catalogue"), originals: named("dify", "plugins") });
  return {
    "bootstrap.sh": script,
    "buckets.json": json(buckets),
    "buckets.txt": bucketLines(buckets),
    "readers.txt": `${drillsUser}\n`,
    [`policy-${drillsUser}.json`]: json(rights),
    ...Object.fromEntries(buckets.map((bucket) => [`lifecycle-${bucket.name}.json`, json(lifecycle(bucket))])),
    ...Object.fromEntries(buckets.map((bucket) => [`policy-${bucket.user}.json`, json(policyDocument(bucket))])),
  };
}

export interface BucketBootstrapArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: Pick<MinioSettings, "image" | "user">;
  readonly endpoint: string;
  readonly buckets: readonly DeclaredBucket[];
  /** Those that drills read. */
  readonly tried: Readonly<Record<BucketRole, DeclaredBucket>>;
  /** Secret key of each user, by the user's name. */
  readonly userKeys: Readonly<Record<string, pulumi.Input<string>>>;
  /** Has the administrator under the keys "user" and "password". */
  readonly administrator: k8s.core.v1.Secret;
  readonly authority: pulumi.Input<string>;
  /** The servers. */
  readonly after: readonly pulumi.Input<pulumi.Resource>[];
}

/** Makes the declared buckets and their users; runs again when one of them, or a user's key, changes. */
export class BucketBootstrap extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.Job;

  constructor(name: string, args: BucketBootstrapArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:objectStore:BucketBootstrap", name, {}, opts);
    const files = bootstrapFiles(args.buckets, args.tried);
    const declared = this.declaration(name, args, files);
    const users = this.users(name, args);
    this.job = this.run(name, args, files, declared, users);
    this.registerOutputs({ job: this.job.metadata.name });
  }

  private declaration(name: string, args: BucketBootstrapArgs, files: Readonly<Record<string, string>>) {
    return new k8s.core.v1.ConfigMap(
      "object-store-buckets",
      {
        metadata: {
          name: "object-store-buckets",
          namespace: args.namespace,
          labels: { ...workloadLabels(name), "dify-ha/declares": "buckets" },
        },
        data: { ...files, "ca.crt": args.authority },
      },
      { parent: this },
    );
  }

  private users(name: string, { namespace, userKeys }: BucketBootstrapArgs): k8s.core.v1.Secret {
    return new k8s.core.v1.Secret(
      "object-store-users",
      {
        metadata: { name: "object-store-users", namespace, labels: { ...workloadLabels(name) } },
        stringData: { ...userKeys },
      },
      { parent: this },
    );
  }

  private run(
    name: string,
    args: BucketBootstrapArgs,
    files: Readonly<Record<string, string>>,
    declared: k8s.core.v1.ConfigMap,
    users: k8s.core.v1.Secret,
  ): k8s.batch.v1.Job {
    const { cluster, namespace, settings, endpoint, administrator } = args;
    const mounted = (secret: k8s.core.v1.Secret) => ({ secretName: secret.metadata.name, defaultMode: 0o440 });
    return oneTimeJob(
      name,
      {
        cluster,
        namespace,
        workload: name,
        does: [files, endpoint],
        deadline: 900,
        after: args.after,
        runAs: { user: settings.user, group: settings.user },
        containers: [
          {
            name: "bootstrap",
            image: settings.image,
            command: ["/bin/sh", "/buckets/bootstrap.sh"],
            env: { ENDPOINT: endpoint, MC_CONFIG_DIR: "/tmp/mc" },
            mounts: {
              "/buckets": { volume: "buckets", readOnly: true },
              "/authority": { volume: "buckets", readOnly: true },
              "/administrator": { volume: "administrator", readOnly: true },
              "/users": { volume: "users", readOnly: true },
            },
            writable: ["/tmp"],
            resources: { cpu: "50m", memory: "256Mi" },
          },
        ],
        volumes: [
          { name: "buckets", configMap: { name: declared.metadata.name } },
          { name: "administrator", secret: mounted(administrator) },
          { name: "users", secret: mounted(users) },
        ],
        reads: [declared, users, administrator],
      },
      { parent: this },
    );
  }
}
