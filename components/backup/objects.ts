import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { figureScripts } from "../observability/figures.ts";
import { configurationFiles } from "../workload/configuration.ts";
import { cronJob } from "../workload/cronJob.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import { scriptsFolder } from "./upload.ts";

export interface ObjectBackupsArgs extends BackupPartArgs {
  /** Names of the buckets that are copied. */
  readonly buckets: readonly string[];
}

const workload = "objects-backup";

/** Any account does: rclone has no files of its own. */
const user = 1000;

/** Copies of Dify's files and of plugins in the bucket of backups at each site, versioned and locked. */
export class ObjectBackups extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.CronJob;

  constructor(name: string, args: ObjectBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:ObjectBackups", name, {}, opts);
    const { cluster, namespace, settings, sites, figures, buckets } = args;
    const { copy, bandwidth, deadline, resources } = settings.objects;
    const child = { parent: this };
    const files = { "objects.sh": script("objects.sh"), ...figureScripts() };
    const scripts = configurationFiles(workload, { namespace, workload, files }, child);
    this.job = cronJob(
      "objects-copy",
      {
        cluster,
        namespace,
        workload,
        schedule: copy,
        timeZone: settings.timeZone,
        deadline: deadline * 3600,
        backup: { of: "object-copy", kind: "copy", copies: sites.destinations },
        runAs: { user, group: user },
        containers: [
          {
            name: "copy",
            image: settings.image,
            command: ["sh", `${scriptsFolder}/objects.sh`],
            env: {
              BUCKETS: buckets.join(" "),
              BANDWIDTH: bandwidth,
              ...sites.env,
              ...sites.source,
              ...figures("objects-copy"),
            },
            mounts: { [scriptsFolder]: { volume: "scripts", readOnly: true }, ...sites.mounts },
            writable: ["/tmp"],
            resources,
          },
        ],
        volumes: [...sites.volumes, { name: "scripts", configMap: { name: scripts.metadata.name } }],
        reads: [scripts, ...sites.reads],
        after: sites.ready,
      },
      child,
    );
    this.registerOutputs({});
  }
}
