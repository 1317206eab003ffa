import * as pulumi from "@pulumi/pulumi";
import type { BackupSettings } from "../../config/backup.ts";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { ObjectStoreConnection } from "../objectStore/connection.ts";
import type { OffsiteConnection } from "../offsite/connection.ts";
import type { PostgresBackupAccess } from "../postgres/connection.ts";
import type { RedisBackupAccess } from "../redis/connection.ts";
import { EtcdBackups } from "./etcd.ts";
import { ObjectBackups } from "./objects.ts";
import { PostgresBackups } from "./postgres.ts";
import { RedisBackups } from "./redis.ts";
import { BackupSites, type BackupSitesArgs } from "./sites.ts";

export interface BackupArgs {
  readonly cluster: ClusterSettings;
  /** Namespace of the jobs. */
  readonly namespace: pulumi.Input<string>;
  readonly settings: BackupSettings;
  readonly credentials: BackupSitesArgs["credentials"];
  readonly objectStore: ObjectStoreConnection;
  /** The second site. @default none */
  readonly offsite?: OffsiteConnection | undefined;
  /** Undefined when somebody else runs the server, and backs it up. */
  readonly postgres: PostgresBackupAccess | undefined;
  /** Likewise. */
  readonly redis: RedisBackupAccess | undefined;
}

/** Everything that is backed up, by schedules in the cluster. */
export class Backup extends pulumi.ComponentResource {
  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:Backup", name, { settings: args.settings }, opts);
    const { cluster, namespace, settings, credentials, objectStore, offsite, postgres, redis } = args;
    const child = { parent: this };
    const sites = new BackupSites("backup-sites", { namespace, objectStore, offsite, credentials }, child);
    const common = { cluster, namespace, settings, sites };
    if (postgres) {
      new PostgresBackups("postgres-backups", { ...common, postgres }, child);
      new EtcdBackups("etcd-backups", { ...common, postgres }, child);
    }
    if (redis) new RedisBackups("redis-backups", { ...common, redis }, child);
    const buckets = [objectStore.dify.bucket, objectStore.plugins.bucket];
    new ObjectBackups("object-backups", { ...common, buckets }, child);
    this.registerOutputs({});
  }
}
