import { readFileSync } from "node:fs";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BackupPartArgs } from "../backup/part.ts";
import { remote } from "../backup/sites.ts";
import { outbox, outboxVolume, scriptsFolder } from "../backup/upload.ts";
import type { ObjectStoreConnection } from "../objectStore/connection.ts";
import type { RedisBackupAccess } from "../redis/connection.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import { cronJob, never } from "../workload/cronJob.ts";

export interface RestoreArgs extends BackupPartArgs {
  readonly objectStore: ObjectStoreConnection;
  /** Undefined when somebody else runs Redis, and restores it. */
  readonly redis: RedisBackupAccess | undefined;
}

const workload = "restore";

/** Names of the CronJobs, which never run by themselves: `npm run restore` makes Jobs of them, with the target in their environment. */
export const restoreJobs = { objects: "restore-objects", redis: "restore-redis" } as const;

/** Any account does: rclone has no files of its own. */
const user = 1000;

const folder = new URL("../../scripts/restore/", import.meta.url);
const script = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const files = ["objects.sh", "fetch.sh", "redis.sh", "hand-over.lua"];

/** What a restore runs in the cluster: buckets and Redis, put back by pods with just the rights for that. Postgres restores itself, see memberPod.ts. */
export class Restore extends pulumi.ComponentResource {
  private readonly args: RestoreArgs;
  private readonly scripts: k8s.core.v1.ConfigMap;

  constructor(name: string, args: RestoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:restore:Restore", name, {}, opts);
    this.args = args;
    const texts = Object.fromEntries(files.map((file) => [file, script(file)]));
    this.scripts = configurationFiles(
      workload,
      { namespace: args.namespace, workload, files: texts },
      { parent: this },
    );
    this.objects();
    if (args.redis) this.redis(args.redis);
    this.registerOutputs({});
  }

  /** Writes with the keys of the buckets' own users: those of backups only read them. */
  private objects(): void {
    const { namespace, objectStore, settings, sites } = this.args;
    const { dify, plugins } = objectStore;
    const keys = secretFiles(
      "restore-buckets",
      {
        namespace,
        workload,
        files: {
          "dify-access-key": dify.accessKey,
          "dify-secret-key": dify.secretKey,
          "plugins-access-key": plugins.accessKey,
          "plugins-secret-key": plugins.secretKey,
        },
      },
      { parent: this },
    );
    const secret = keys.metadata.name;
    cronJob(
      restoreJobs.objects,
      {
        ...this.common,
        deadline: settings.objects.deadline * 3600,
        runAs: { user, group: user },
        containers: [
          {
            name: "objects",
            image: settings.image,
            command: ["sh", `${scriptsFolder}/objects.sh`],
            env: {
              BUCKETS: `DIFY:${dify.bucket} PLUGINS:${plugins.bucket}`,
              ...sites.env,
              ...sites.source,
              ...remote("DIFY", objectStore, { secret, keys: "dify" }),
              ...remote("PLUGINS", objectStore, { secret, keys: "plugins" }),
            },
            mounts: { [scriptsFolder]: { volume: "scripts", readOnly: true }, ...sites.mounts },
            writable: ["/tmp"],
            resources: settings.objects.resources,
          },
        ],
        volumes: [...sites.volumes, { name: "scripts", configMap: { name: this.scripts.metadata.name } }],
        reads: [this.scripts, keys, ...sites.reads],
        after: sites.ready,
      },
      { parent: this },
    );
  }

  private redis({ settings: server, members, secret, ready }: RedisBackupAccess): void {
    const { cluster, settings, sites } = this.args;
    const mounts = {
      [scriptsFolder]: { volume: "scripts", readOnly: true },
      [outbox]: { volume: "outbox" },
    };
    cronJob(
      restoreJobs.redis,
      {
        ...this.common,
        deadline: settings.redis.deadline * 60,
        runAs: { user: server.user, group: server.user },
        initContainers: [
          {
            name: "fetch",
            image: settings.image,
            command: ["sh", `${scriptsFolder}/fetch.sh`],
            env: { DATASETS: "redis coordinated", FILE: "dump.rdb", FOLDER: outbox, ...sites.env },
            mounts: { ...mounts, ...sites.mounts },
            writable: ["/tmp"],
            resources: settings.redis.resources,
          },
        ],
        containers: [
          {
            name: "load",
            image: server.image,
            command: ["sh", `${scriptsFolder}/redis.sh`],
            env: {
              FILE: `${outbox}/dump.rdb`,
              MEMBERS: members.join(" "),
              REDISCLI_AUTH: { secret: secret.metadata.name, key: "password" },
            },
            mounts,
            writable: ["/tmp"],
            // It holds all of the data for a while, as a server does.
            resources: server.resources,
          },
        ],
        volumes: [
          ...sites.volumes,
          { name: "scripts", configMap: { name: this.scripts.metadata.name } },
          outboxVolume(cluster, server.storage),
        ],
        reads: [this.scripts, secret, ...sites.reads],
        after: [...sites.ready, ...ready],
      },
      { parent: this },
    );
  }

  private get common() {
    const { cluster, namespace, settings } = this.args;
    return { cluster, namespace, workload, schedule: never, timeZone: settings.timeZone, suspended: true };
  }
}
