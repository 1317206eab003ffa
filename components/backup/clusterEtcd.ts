import * as pulumi from "@pulumi/pulumi";
import type { ClusterEtcdSettings } from "../../config/backup.ts";
import { keyMode } from "../postgres/layout.ts";
import { etcdSnapshots } from "./etcdSnapshot.ts";
import type { BackupPartArgs } from "./part.ts";

export interface ClusterEtcdBackupsArgs extends BackupPartArgs {
  readonly etcd: ClusterEtcdSettings;
}

/** Snapshots of the etcd behind the cluster's API servers, where we run it ourselves: all objects of the cluster, Secrets among them (B5). */
export class ClusterEtcdBackups extends pulumi.ComponentResource {
  constructor(name: string, args: ClusterEtcdBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:ClusterEtcdBackups", name, {}, opts);
    const { etcd, ...common } = args;
    const { endpoints, secret, image, snapshot, keepDays, scratch, resources } = etcd;
    etcdSnapshots(
      {
        ...common,
        workload: "cluster-etcd-backup",
        of: "cluster-etcd",
        members: endpoints.map((endpoint, i) => ({
          job: `cluster-etcd-snapshot-${i}`,
          dataset: `cluster-etcd/${i}`,
          endpoint,
        })),
        image,
        resources,
        schedule: snapshot,
        keepDays,
        scratch,
        certificateVolume: { name: "tls", secret: { secretName: secret, defaultMode: keyMode } },
        after: [],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
