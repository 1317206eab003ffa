import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { account } from "../workload/account.ts";
import { configurationFiles } from "../workload/configuration.ts";
import { cronJob, never } from "../workload/cronJob.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import type { BackupSites } from "./sites.ts";
import { claimSelector } from "./snapshots.ts";
import { scriptsFolder } from "./upload.ts";

export interface VolumeCopiesArgs extends BackupPartArgs {
  readonly offsite: NonNullable<BackupSites["offsite"]>;
  /** With Python. */
  readonly image: string;
}

/** Workloads: the one that asks the API server, and the one that carries. Neither can do what the other does. */
const workload = "volume-copies";
const carrier = "volume-copy";

const scripts = {
  [workload]: [
    "volume-copies.py",
    "volume_run.py",
    "volume_copy_job.py",
    "volumes.py",
    "snapshot_retention.py",
    "kubernetes_api.py",
  ],
  [carrier]: ["volume-copy.sh", "restic-repository.sh"],
} as const;

/** Of pods without a volume of somebody's. Any account does: Python and restic have no files of their own. */
const user = 1000;

/** Where the container finds the volume. */
const folder = "/volume";

/** Drivers whose volumes lie on one node, where what is made of their snapshots must be, too. */
const onNode: readonly string[] = ["topolvm", "zfs"];

/** Files of the newest snapshots at the second site: a snapshot itself stays with the driver's storage, and fits no other (B8). */
export class VolumeCopies extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.CronJob;
  private readonly args: VolumeCopiesArgs;

  constructor(name: string, args: VolumeCopiesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:VolumeCopies", name, {}, opts);
    this.args = args;
    this.job = this.copies(this.template());
    this.registerOutputs({});
  }

  private code(of: keyof typeof scripts): k8s.core.v1.ConfigMap {
    const files = Object.fromEntries(scripts[of].map((file) => [file, script(file)]));
    return configurationFiles(of, { namespace: this.args.namespace, workload: of, files }, { parent: this });
  }

  private get common() {
    const { cluster, namespace, settings } = this.args;
    const { deadline } = settings.snapshots.copies;
    return { cluster, namespace, timeZone: settings.timeZone, deadline: deadline * 3600 };
  }

  /** What a Job is made of for each volume, which has this volume in place of the empty one. As it is, it looks after the repository. */
  private template(): k8s.batch.v1.CronJob {
    const { settings, sites, offsite } = this.args;
    const { keepDays, checkRuns, upload, image, resources } = settings.snapshots.copies;
    const code = this.code(carrier);
    return cronJob(
      carrier,
      {
        ...this.common,
        workload: carrier,
        schedule: never,
        suspended: true,
        // Who makes Jobs of it tries again.
        retries: 0,
        // For restic to take its lock away.
        graceSeconds: 60,
        runAs: { user, group: user },
        containers: [
          {
            name: "restic",
            image,
            command: ["sh", `${scriptsFolder}/volume-copy.sh`],
            env: {
              ...offsite.restic,
              ANSWER_SECONDS: "60",
              LOCK_WAIT: "31m",
              CLAIM: "",
              FOLDER: folder,
              UPLOAD: `${upload}`,
              KEEP_DAYS: `${keepDays}`,
              CHECK_RUNS: `${checkRuns}`,
            },
            mounts: {
              [scriptsFolder]: { volume: "scripts", readOnly: true },
              [folder]: { volume: "volume", readOnly: true },
              ...sites.mounts,
            },
            writable: ["/tmp"],
            // The log goes with the Job; its end is told by who has made that.
            terminationMessagePolicy: "FallbackToLogsOnError",
            resources,
          },
        ],
        volumes: [
          ...sites.volumes,
          { name: "scripts", configMap: { name: code.metadata.name } },
          { name: "volume", emptyDir: {} },
        ],
        reads: [code, ...sites.reads],
        after: sites.ready,
      },
      { parent: this },
    );
  }

  private copies(template: k8s.batch.v1.CronJob): k8s.batch.v1.CronJob {
    const { namespace, settings, offsite, image } = this.args;
    const { class: driver, resources, copies } = settings.snapshots;
    const child = { parent: this };
    const code = this.code(workload);
    const rules = [
      { apiGroups: [""], resources: ["persistentvolumeclaims", "pods"], verbs: ["list"] },
      { apiGroups: ["snapshot.storage.k8s.io"], resources: ["volumesnapshots"], verbs: ["list"] },
      { apiGroups: ["apps"], resources: ["statefulsets"], verbs: ["list"] },
      { apiGroups: ["batch"], resources: ["cronjobs"], resourceNames: [carrier], verbs: ["get"] },
      { apiGroups: ["batch"], resources: ["jobs"], verbs: ["list", "create", "delete"] },
    ];
    return cronJob(
      workload,
      {
        ...this.common,
        workload,
        schedule: copies.schedule,
        backup: {
          of: "volume-snapshot",
          kind: "copy",
          copies: [offsite.destination],
          keepDays: copies.keepDays,
        },
        runAs: { user, group: user },
        serviceAccount: account({ namespace, workload, rules }, child),
        containers: [
          {
            name: "copies",
            image,
            command: ["python3", "-B", `${scriptsFolder}/volume-copies.py`],
            env: {
              SELECTOR: claimSelector(settings),
              TEMPLATE: template.metadata.name,
              ...(onNode.includes(driver) && { ON_NODE: "yes" }),
              START: `${copies.start * 60}`,
              DEADLINE: `${this.common.deadline}`,
              RUN: { field: "metadata.labels['batch.kubernetes.io/job-name']" },
            },
            mounts: { [scriptsFolder]: { volume: "scripts", readOnly: true } },
            resources,
          },
        ],
        volumes: [{ name: "scripts", configMap: { name: code.metadata.name } }],
        reads: [code],
        after: [template],
      },
      child,
    );
  }
}
