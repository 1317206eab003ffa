import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RedisBackupAccess } from "../redis/connection.ts";
import { configurationFiles } from "../workload/configuration.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import { outbox, scriptsFolder, uploadJob, uploadScripts } from "./upload.ts";

export interface RedisBackupsArgs extends BackupPartArgs {
  readonly redis: RedisBackupAccess;
}

const workload = "redis-backup";

/** Snapshots of Redis from a replica, checked before they are uploaded. */
export class RedisBackups extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.CronJob;

  constructor(name: string, args: RedisBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:RedisBackups", name, {}, opts);
    const { cluster, namespace, settings, redis, sites, figures } = args;
    const { rdb, keepDays, deadline, resources } = settings.redis;
    const { image, user, storage } = redis.settings;
    const child = { parent: this };
    const own = ["redis-rdb.sh", "redis-check.sh"].map((file) => [file, script(file)]);
    const files = { ...(Object.fromEntries(own) as Record<string, string>), ...uploadScripts() };
    const scripts = configurationFiles(workload, { namespace, workload, files }, child);
    this.job = uploadJob(
      "redis-rdb",
      {
        cluster,
        namespace,
        settings,
        sites,
        figures,
        workload,
        schedule: rdb,
        deadline: deadline * 60,
        runAs: { user, group: user },
        source: {
          name: "snapshot",
          image,
          command: ["sh", `${scriptsFolder}/redis-rdb.sh`],
          env: {
            MEMBERS: redis.members.join(" "),
            REDISCLI_AUTH: { secret: redis.secret.metadata.name, key: "password" },
            FOLDER: outbox,
          },
          writable: ["/tmp"],
          resources,
        },
        scripts,
        backs: { of: "redis-rdb", kind: "snapshot" },
        dataset: "redis",
        keepDays,
        // As large as a server's own volume: a snapshot is smaller than the two that lie there.
        scratch: storage,
        reads: [redis.secret],
        after: redis.ready,
      },
      child,
    );
    this.registerOutputs({});
  }
}
