import * as pulumi from "@pulumi/pulumi";
import type { PostgresBackupAccess } from "../postgres/connection.ts";
import { hostOf, ports } from "../postgres/layout.ts";
import { etcdSnapshots } from "./etcdSnapshot.ts";
import type { BackupPartArgs } from "./part.ts";

export interface EtcdBackupsArgs extends BackupPartArgs {
  readonly postgres: PostgresBackupAccess;
}

/** Snapshots of Patroni's etcd: who led last, and what members share. */
export class EtcdBackups extends pulumi.ComponentResource {
  constructor(name: string, args: EtcdBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:EtcdBackups", name, {}, opts);
    const { postgres, ...common } = args;
    const { snapshot, keepDays } = args.settings.etcd;
    const { image, storage, resources } = postgres.settings.etcd;
    etcdSnapshots(
      {
        ...common,
        workload: "etcd-backup",
        of: "etcd-snapshot",
        // The name leads to the members that are ready, one of which is asked.
        members: [
          {
            job: "etcd-snapshot",
            dataset: "etcd",
            endpoint: `https://${hostOf("etcd", args.cluster)}:${ports.etcd.client}`,
          },
        ],
        image,
        resources,
        schedule: snapshot,
        keepDays,
        scratch: storage,
        certificateVolume: postgres.client.certificateVolume,
        reads: [postgres.client.certificate],
        after: postgres.ready,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
