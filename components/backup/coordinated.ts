import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PostgresBackupAccess } from "../postgres/connection.ts";
import { figureScripts } from "../observability/figures.ts";
import { databases, keyMode } from "../postgres/layout.ts";
import { consolePassword } from "../postgres/pooler.ts";
import { pauseTiming } from "../postgres/pauseTiming.ts";
import { script as postgresScript } from "../postgres/scripts.ts";
import type { RedisBackupAccess } from "../redis/connection.ts";
import { account } from "../workload/account.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import type { ContainerArgs, EnvironmentValue } from "../workload/container.ts";
import { cronJob } from "../workload/cronJob.ts";
import { fingerprints, type RecoveryKeys } from "./keys.ts";
import { archiveSeconds, primaryEnvironment } from "./postgres.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import { outbox, outboxVolume, scriptsFolder } from "./upload.ts";

export interface CoordinatedBackupsArgs extends BackupPartArgs {
  readonly postgres: PostgresBackupAccess;
  /** Undefined when somebody else runs Redis: the instant is then marked without it. */
  readonly redis: RedisBackupAccess | undefined;
  /** URL of the cluster's object store, by whose clock buckets have their instant. */
  readonly storeEndpoint: pulumi.Input<string>;
  /** Names of the buckets that belong to the instant. */
  readonly buckets: readonly string[];
  readonly difyVersion: string;
  readonly keys: RecoveryKeys;
}

const workload = "coordinated-backup";
const factsFolder = "/etc/backup-facts";
const scripts = [
  "freeze.py",
  "poolers.py",
  "redis_snapshot.py",
  "row_counts.py",
  "redis-check.sh",
  "upload.sh",
  "objects.sh",
  "record.py",
  "kubernetes_api.py",
  "deposit.sh",
];

/** What a run's steps leave for each other. */
const left = {
  files: `${outbox}/files`,
  run: `${outbox}/run.env`,
  manifests: `${outbox}/objects.tsv`,
  stored: `${outbox}/stored.tsv`,
};

/**
 * Backups of everything as of one instant: writers are held back while it is marked, and everything slow happens after that (B6, B7). The
 * containers of a run are its steps, one after the other; the first that fails ends it.
 */
export class CoordinatedBackups extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.CronJob;
  private readonly args: CoordinatedBackupsArgs;

  constructor(name: string, args: CoordinatedBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:CoordinatedBackups", name, {}, opts);
    this.args = args;
    const { cluster, namespace, settings, sites, postgres, redis } = args;
    const { take, deadline } = settings.coordinated;
    const child = { parent: this };
    const texts = {
      ...Object.fromEntries(scripts.map((file) => [file, script(file)])),
      "session.py": postgresScript("session.py"),
      ...figureScripts(),
    };
    const code = configurationFiles(workload, { namespace, workload, files: texts }, child);
    const facts = secretFiles(
      "backup-facts",
      {
        namespace,
        workload,
        files: {
          "facts.json": pulumi.jsonStringify({
            stack: pulumi.getStack(),
            difyVersion: args.difyVersion,
            fingerprints: fingerprints(args.keys),
          }),
        },
      },
      child,
    );
    this.job = cronJob(
      workload,
      {
        cluster,
        namespace,
        workload,
        schedule: take,
        timeZone: settings.timeZone,
        deadline: deadline * 3600,
        backup: {
          of: "coordinated",
          kind: "copy",
          copies: sites.destinations,
          keepDays: postgres.settings.archive.retentionDays,
        },
        runAs: { user: postgres.settings.user, group: postgres.settings.user },
        // May add ConfigMaps, and nothing else: what it has written it can neither change nor remove.
        serviceAccount: account(
          { namespace, workload, rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["create"] }] },
          child,
        ),
        initContainers: [
          this.freeze(),
          ...(redis ? [this.checkRedis(redis), this.upload()] : []),
          this.copyObjects(),
          this.record(),
        ],
        containers: [this.step("deposit", "deposit.sh", { FOLDER: outbox, ...sites.catalogues })],
        volumes: [
          ...postgres.client.volumes,
          ...sites.volumes,
          { name: "scripts", configMap: { name: code.metadata.name } },
          { name: "facts", secret: { secretName: facts.metadata.name, defaultMode: keyMode } },
          outboxVolume(cluster, redis?.settings.storage ?? "1Gi"),
        ],
        reads: [
          code,
          facts,
          postgres.poolers.secret,
          ...postgres.client.reads,
          ...sites.reads,
          ...(redis ? [redis.secret] : []),
        ],
        after: [...postgres.ready, ...sites.ready, ...(redis?.ready ?? [])],
      },
      child,
    );
    this.registerOutputs({});
  }

  private freeze(): ContainerArgs {
    const { cluster, settings, sites, postgres, redis, storeEndpoint } = this.args;
    const { host, certified, port, user, secret } = postgres.poolers;
    const freezeSettings = {
      folder: outbox,
      timing: pauseTiming(postgres.settings),
      poolers: { host, certified, port },
      writers: Object.values(databases),
      databases: Object.values(databases),
      repositories: postgres.repositories.length,
      archiveSeconds: archiveSeconds(postgres.settings),
      store: { endpoint: storeEndpoint, ...(sites.authority !== undefined && { authority: sites.authority }) },
      redis: redis?.members ?? [],
    };
    return {
      name: "freeze",
      image: postgres.settings.image,
      command: ["python3", "-B", `${scriptsFolder}/freeze.py`],
      env: {
        ...primaryEnvironment(cluster),
        ...postgres.client.env,
        FREEZE_SETTINGS: pulumi.jsonStringify(freezeSettings),
        POOLER_USER: user,
        POOLER_PASSWORD: { secret: secret.metadata.name, key: consolePassword },
        ...(redis && {
          REDIS_PORT: `${redis.port}`,
          REDISCLI_AUTH: { secret: redis.secret.metadata.name, key: "password" },
        }),
      },
      mounts: { ...this.mounts, ...postgres.client.mounts },
      writable: ["/tmp"],
      resources: settings.coordinated.resources,
    };
  }

  private checkRedis({ settings }: RedisBackupAccess): ContainerArgs {
    return { ...this.step("redis", "redis-check.sh", { FILE: `${left.files}/dump.rdb` }), image: settings.image };
  }

  private upload(): ContainerArgs {
    const { sites, postgres } = this.args;
    return this.step("upload", "upload.sh", {
      FOLDER: left.files,
      DATASET: "coordinated",
      // As long as Postgres can be put back to the instant.
      KEEP_DAYS: `${postgres.settings.archive.retentionDays}`,
      RUN_FILE: left.run,
      STORED: left.stored,
      ...sites.env,
    });
  }

  private copyObjects(): ContainerArgs {
    const { buckets, settings, sites } = this.args;
    return this.step("objects", "objects.sh", {
      BUCKETS: buckets.join(" "),
      BANDWIDTH: settings.objects.bandwidth,
      RUN_FILE: left.run,
      MANIFESTS: left.manifests,
      ...sites.env,
      ...sites.source,
    });
  }

  private record(): ContainerArgs {
    const facts = { [factsFolder]: { volume: "facts", readOnly: true } };
    return {
      ...this.step("record", "record.py", { FOLDER: outbox, FACTS: `${factsFolder}/facts.json` }),
      image: this.args.postgres.settings.image,
      command: ["python3", "-B", `${scriptsFolder}/record.py`],
      mounts: { ...this.mounts, ...facts },
    };
  }

  /** A script in the image with rclone. */
  private step(name: string, file: string, env: Readonly<Record<string, EnvironmentValue>>): ContainerArgs {
    const { settings, figures } = this.args;
    const { image, coordinated } = settings;
    return {
      name,
      image,
      command: ["sh", `${scriptsFolder}/${file}`],
      env: { ...env, ...figures(workload) },
      mounts: this.mounts,
      writable: ["/tmp"],
      resources: coordinated.resources,
    };
  }

  private get mounts() {
    return {
      [scriptsFolder]: { volume: "scripts", readOnly: true },
      [outbox]: { volume: "outbox" },
      ...this.args.sites.mounts,
    };
  }
}
