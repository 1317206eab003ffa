import * as pulumi from "@pulumi/pulumi";
import type { BackupSettings } from "../../config/backup.ts";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { ObjectStoreConnection } from "../objectStore/connection.ts";
import type { OffsiteConnection } from "../offsite/connection.ts";
import type { PostgresBackupAccess } from "../postgres/connection.ts";
import type { VectorStoreBackupAccess } from "../vectorStore/connection.ts";
import type { RedisBackupAccess } from "../redis/connection.ts";
import { ClusterEtcdBackups } from "./clusterEtcd.ts";
import { CoordinatedBackups } from "./coordinated.ts";
import { EdgeBackups } from "./edge.ts";
import { EtcdBackups } from "./etcd.ts";
import { ObjectFollower } from "./follower.ts";
import type { RecoveryKeys } from "./keys.ts";
import { ObjectBackups } from "./objects.ts";
import { PostgresBackups } from "./postgres.ts";
import { RedisBackups } from "./redis.ts";
import { SecretsBundle } from "./secretsBundle.ts";
import { VolumeSnapshots } from "./snapshots.ts";
import { BackupSites, type BackupSitesArgs } from "./sites.ts";
import { VolumeCopies } from "./volumeCopies.ts";
import { VectorBackups } from "./vectors.ts";
import { Restore } from "../restore/restore.ts";
import { Velero, type VeleroArgs } from "./velero/velero.ts";

export interface BackupArgs {
  readonly cluster: ClusterSettings;
  /** Namespace of the jobs. */
  readonly namespace: pulumi.Input<string>;
  /** Namespaces whose objects are backed up. */
  readonly namespaces: VeleroArgs["namespaces"];
  readonly settings: BackupSettings;
  readonly credentials: BackupSitesArgs["credentials"] &
    VeleroArgs["credentials"] & {
      password(name: "recoveryPassphrase" | "edgeKey"): pulumi.Output<string>;
    };
  readonly objectStore: ObjectStoreConnection;
  /** The second site. @default none */
  readonly offsite?: OffsiteConnection | undefined;
  /** Undefined when somebody else runs the server, and backs it up. */
  readonly postgres: PostgresBackupAccess | undefined;
  /** Likewise. */
  readonly redis: RedisBackupAccess | undefined;
  /** Undefined when it lies in Postgres, or somebody else backs it up. @default undefined */
  readonly vectorStore?: VectorStoreBackupAccess | undefined;
  readonly difyVersion: string;
  /** Kept in the bundle of secrets, and known to records by their fingerprints. */
  readonly keys: RecoveryKeys;
  /** PEM of the stack's own authority. */
  readonly authority: pulumi.Input<string>;
}

/** Everything that is backed up, by schedules in the cluster. */
export class Backup extends pulumi.ComponentResource {
  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:Backup", name, { settings: args.settings }, opts);
    const {
      cluster,
      namespace,
      namespaces,
      settings,
      credentials,
      objectStore,
      offsite,
      postgres,
      redis,
      vectorStore,
      difyVersion,
      keys,
      authority,
    } = args;
    const child = { parent: this };
    const sites = new BackupSites("backup-sites", { namespace, objectStore, offsite, credentials }, child);
    const common = { cluster, namespace, settings, sites };
    const buckets = [objectStore.dify.bucket, objectStore.plugins.bucket];
    if (postgres) {
      new PostgresBackups("postgres-backups", { ...common, postgres }, child);
      new EtcdBackups("etcd-backups", { ...common, postgres }, child);
      new CoordinatedBackups(
        "coordinated-backups",
        { ...common, postgres, redis, buckets, storeEndpoint: objectStore.endpoint, difyVersion, keys },
        child,
      );
    }
    if (redis) new RedisBackups("redis-backups", { ...common, redis }, child);
    if (settings.clusterEtcd)
      new ClusterEtcdBackups("cluster-etcd-backups", { ...common, etcd: settings.clusterEtcd }, child);
    const snapshotImage = settings.snapshots.image ?? postgres?.settings.image;
    if (settings.snapshots.class !== "none" && snapshotImage) {
      new VolumeSnapshots("volume-snapshots", { ...common, image: snapshotImage }, child);
      if (sites.offsite)
        new VolumeCopies("volume-copies", { ...common, offsite: sites.offsite, image: snapshotImage }, child);
    }
    if (vectorStore) new VectorBackups("vector-backups", { ...common, vectorStore }, child);
    const passphrase = credentials.password("recoveryPassphrase");
    new SecretsBundle("secrets-bundle", { ...common, keys, authority, passphrase }, child);
    new ObjectBackups("object-backups", { ...common, buckets }, child);
    if (sites.followed) new ObjectFollower("object-follower", { ...common, buckets, places: sites.followed }, child);
    new Restore("restore", { ...common, objectStore, redis }, child);
    if (settings.edge.sites.length > 0)
      new EdgeBackups("edge-backups", { ...common, objectStore, key: credentials.password("edgeKey") }, child);
    if (settings.velero.enabled)
      new Velero("velero", { cluster, namespace, namespaces, settings, credentials, objectStore, offsite }, child);
    this.registerOutputs({});
  }
}
