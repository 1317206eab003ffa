import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BackupSettings } from "../../config/backup.ts";
import { account } from "../workload/account.ts";
import { configurationFiles } from "../workload/configuration.ts";
import { cronJob } from "../workload/cronJob.ts";
import { workloadLabels } from "../workload/labels.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import { scriptsFolder } from "./upload.ts";

export interface VolumeSnapshotsArgs extends BackupPartArgs {
  /** With Python. */
  readonly image: string;
}

const workload = "volume-snapshots";
const scripts = ["volume-snapshots.py", "volume_run.py", "volumes.py", "snapshot_retention.py", "kubernetes_api.py"];

/** Any account does: Python has no files of its own. */
const user = 1000;

/** The claims whose volumes are meant, as the API server takes it. */
export function claimSelector({ snapshots }: Pick<BackupSettings, "snapshots">): string {
  return Object.entries(snapshots.selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

const drivers = { ebs: "ebs.csi.aws.com", topolvm: "topolvm.io", zfs: "zfs.csi.openebs.io" } as const;

/** Snapshots of volumes by schedule, made and kept by the driver that has the volumes (B8). */
export class VolumeSnapshots extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.CronJob;

  constructor(name: string, args: VolumeSnapshotsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:VolumeSnapshots", name, {}, opts);
    const { cluster, namespace, settings, image } = args;
    const { class: driver, schedule, keepDays, keep, resources } = settings.snapshots;
    if (driver === "none") throw new Error("backup.snapshots.class names no driver");
    const deadline = settings.snapshots.deadline * 3600;
    const child = { parent: this };
    // A class cannot be changed: another driver has another name.
    const className = `${cluster.prefix}-${driver}`;
    const snapshotClass = new k8s.apiextensions.CustomResource(
      className,
      {
        apiVersion: "snapshot.storage.k8s.io/v1",
        kind: "VolumeSnapshotClass",
        metadata: { name: className, labels: { ...workloadLabels(workload) } },
        driver: drivers[driver],
        // What is let go is to free its space.
        deletionPolicy: "Delete",
      },
      child,
    );
    const files = Object.fromEntries(scripts.map((file) => [file, script(file)]));
    const code = configurationFiles(workload, { namespace, workload, files }, child);
    const rules = [
      { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["list"] },
      { apiGroups: ["snapshot.storage.k8s.io"], resources: ["volumesnapshots"], verbs: ["list", "create", "delete"] },
    ];
    this.job = cronJob(
      workload,
      {
        cluster,
        namespace,
        workload,
        schedule,
        timeZone: settings.timeZone,
        backup: { of: "volume-snapshot", kind: "snapshot", copies: [`csi://${className}`], keepDays },
        deadline,
        runAs: { user, group: user },
        serviceAccount: account({ namespace, workload, rules }, child),
        containers: [
          {
            name: "snapshots",
            image,
            command: ["python3", "-B", `${scriptsFolder}/volume-snapshots.py`],
            env: {
              SELECTOR: claimSelector(settings),
              CLASS: className,
              KEEP_DAYS: `${keepDays}`,
              KEEP: `${keep}`,
              DEADLINE: `${deadline}`,
              RUN: { field: "metadata.labels['batch.kubernetes.io/job-name']" },
            },
            mounts: { [scriptsFolder]: { volume: "scripts", readOnly: true } },
            resources,
          },
        ],
        volumes: [{ name: "scripts", configMap: { name: code.metadata.name } }],
        reads: [code],
        after: [snapshotClass],
      },
      child,
    );
    this.registerOutputs({});
  }
}
