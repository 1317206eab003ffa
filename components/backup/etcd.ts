import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PostgresBackupAccess } from "../postgres/connection.ts";
import { hostOf, paths, ports, tlsFiles } from "../postgres/layout.ts";
import { configurationFiles } from "../workload/configuration.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import { outbox, uploadJob } from "./upload.ts";

export interface EtcdBackupsArgs extends BackupPartArgs {
  readonly postgres: PostgresBackupAccess;
}

const workload = "etcd-backup";

/** Any account does: the image's programs belong to everybody. */
const user = 1000;

/** Snapshots of Patroni's etcd: who led last, and what members share. */
export class EtcdBackups extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.CronJob;

  constructor(name: string, args: EtcdBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:EtcdBackups", name, {}, opts);
    const { cluster, namespace, settings, postgres, sites } = args;
    const { snapshot, keepDays } = settings.etcd;
    const { image, storage, resources } = postgres.settings.etcd;
    const { authority, certificate, key } = tlsFiles(paths.tls);
    const child = { parent: this };
    const scripts = configurationFiles(
      workload,
      { namespace, workload, files: { "upload.sh": script("upload.sh") } },
      child,
    );
    this.job = uploadJob(
      "etcd-snapshot",
      {
        cluster,
        namespace,
        settings,
        sites,
        workload,
        schedule: snapshot,
        deadline: 900,
        runAs: { user, group: user },
        source: {
          name: "snapshot",
          image,
          // The image has no shell. The name leads to the members that are ready, one of which is asked.
          command: ["etcdctl", "snapshot", "save", `${outbox}/etcd.db`],
          env: {
            ETCDCTL_ENDPOINTS: `https://${hostOf("etcd", cluster)}:${ports.etcd.client}`,
            ETCDCTL_CACERT: authority,
            ETCDCTL_CERT: certificate,
            ETCDCTL_KEY: key,
            ETCDCTL_COMMAND_TIMEOUT: "5m",
          },
          mounts: { [paths.tls]: { volume: "tls", readOnly: true } },
          resources,
        },
        scripts,
        dataset: "etcd",
        keepDays,
        scratch: storage,
        volumes: [postgres.client.certificateVolume],
        reads: [postgres.client.certificate],
        after: postgres.ready,
      },
      child,
    );
    this.registerOutputs({});
  }
}
