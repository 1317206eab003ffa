import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { PostgresBackupAccess } from "../postgres/connection.ts";
import { databases, hostOf, names, paths, ports, roles, tlsFiles } from "../postgres/layout.ts";
import { configurationFiles } from "../workload/configuration.ts";
import type { ContainerArgs, EnvironmentValue } from "../workload/container.ts";
import { cronJob } from "../workload/cronJob.ts";
import type { DeclaredBackup } from "../workload/declaredBackup.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import { outbox, scriptsFolder, uploadJob, uploadScripts } from "./upload.ts";

export interface PostgresBackupsArgs extends BackupPartArgs {
  readonly postgres: PostgresBackupAccess;
}

const files = ["postgres-base.sh", "postgres-check.sh", "log_gaps.py", "postgres-dump.sh", "base_figures.py"];

/** A segment that was closed must be in every repository within so many seconds: when it is not, something is wrong. */
export const archiveSeconds = ({ archive }: Pick<PatroniSettings, "archive">): number => archive.timeout + 30;

/** libpq's variables for the role of backups at the primary. It proves itself by certificate. */
export function primaryEnvironment(cluster: ClusterSettings): Readonly<Record<string, EnvironmentValue>> {
  const { authority, certificate, key } = tlsFiles(paths.tls);
  return {
    PGHOST: hostOf("proxy", cluster),
    PGPORT: `${ports.proxy.primary}`,
    PGUSER: roles.backup,
    PGDATABASE: databases.dify,
    PGSSLMODE: "verify-full",
    PGSSLROOTCERT: authority,
    PGSSLCERT: certificate,
    PGSSLKEY: key,
    PGCONNECT_TIMEOUT: "5",
  };
}

/** Share of its time for which a run waits for another base backup that is under way. */
const waitShare = 0.5;

/**
 * Backups of a cluster of our own as CronJobs: base backups into each repository, the check that the log between them is whole, and a dump
 * that other versions read.
 */
export class PostgresBackups extends pulumi.ComponentResource {
  readonly jobs: readonly k8s.batch.v1.CronJob[];
  private readonly args: PostgresBackupsArgs;
  private readonly scripts: k8s.core.v1.ConfigMap;

  constructor(name: string, args: PostgresBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:PostgresBackups", name, {}, opts);
    this.args = args;
    this.scripts = configurationFiles(
      "postgres-backup",
      {
        namespace: args.namespace,
        workload: names.backup,
        files: { ...Object.fromEntries(files.map((file) => [file, script(file)])), ...uploadScripts() },
      },
      { parent: this },
    );
    const { full, incremental, offsiteFull, offsiteIncremental } = args.settings.postgres;
    const offsite = args.postgres.repositories.length > 1;
    this.jobs = [
      this.base("postgres-full", full, { repository: 1, type: "full" }),
      this.base("postgres-incremental", incremental, { repository: 1, type: "incr" }),
      ...(offsite
        ? [
            this.base("postgres-offsite-full", offsiteFull, { repository: 2, type: "full" }),
            this.base("postgres-offsite-incremental", offsiteIncremental, { repository: 2, type: "incr" }),
          ]
        : []),
      this.check(),
      this.dump(),
    ];
    this.registerOutputs({});
  }

  private base(
    name: string,
    schedule: string,
    { repository, type }: { readonly repository: number; readonly type: "full" | "incr" },
  ): k8s.batch.v1.CronJob {
    const env = { REPOSITORY: `${repository}`, TYPE: type, WAIT_SECONDS: `${Math.floor(this.deadline * waitShare)}` };
    // Repositories are numbered as sites are: the cluster's own, then the one off site.
    const copies = this.args.sites.destinations.slice(repository - 1, repository);
    const kind = type === "full" ? "full" : "incremental";
    return this.job(name, schedule, "postgres-base.sh", env, { of: "pgbackrest", kind, copies });
  }

  private check(): k8s.batch.v1.CronJob {
    const { postgres, settings } = this.args;
    const env = {
      REPOSITORIES: postgres.repositories.map((_, i) => i + 1).join(" "),
      ARCHIVE_SECONDS: `${archiveSeconds(postgres.settings)}`,
    };
    return this.job("postgres-check", settings.postgres.check, "postgres-check.sh", env);
  }

  private dump(): k8s.batch.v1.CronJob {
    const { postgres, settings, sites, figures } = this.args;
    const { dump, dumpDays, scratch } = settings.postgres;
    const source = this.container("dump", "postgres-dump.sh", {
      ...primaryEnvironment(this.args.cluster),
      DATABASES: `${databases.dify} ${databases.plugin}`,
      JOBS: `${postgres.settings.archive.processes}`,
      FOLDER: outbox,
    });
    return uploadJob(
      "postgres-dump",
      {
        ...this.common,
        settings,
        sites,
        figures,
        schedule: dump,
        source: { ...source, mounts: { [paths.tls]: { volume: "tls", readOnly: true } } },
        scripts: this.scripts,
        backs: { of: "postgres-dump", kind: "dump" },
        dataset: "dumps",
        keepDays: dumpDays,
        scratch,
        volumes: [postgres.client.certificateVolume],
        reads: [postgres.client.certificate],
      },
      { parent: this },
    );
  }

  private get deadline(): number {
    return this.args.settings.postgres.deadline * 3600;
  }

  private container(name: string, file: string, env: Readonly<Record<string, EnvironmentValue>>): ContainerArgs {
    const { postgres, settings } = this.args;
    return {
      name,
      image: postgres.settings.image,
      command: ["sh", `${scriptsFolder}/${file}`],
      env,
      writable: ["/tmp"],
      resources: settings.postgres.resources,
    };
  }

  /** Runs pgBackRest from a script. */
  private job(
    name: string,
    schedule: string,
    file: string,
    env: Readonly<Record<string, EnvironmentValue>>,
    backup?: DeclaredBackup,
  ): k8s.batch.v1.CronJob {
    const { settings, postgres, figures } = this.args;
    const { client } = postgres;
    const container = this.container("pgbackrest", file, { ...client.env, ...env, ...(backup && figures(name)) });
    return cronJob(
      name,
      {
        ...this.common,
        ...(backup && { backup }),
        schedule,
        timeZone: settings.timeZone,
        containers: [
          { ...container, mounts: { [scriptsFolder]: { volume: "scripts", readOnly: true }, ...client.mounts } },
        ],
        volumes: [...client.volumes, { name: "scripts", configMap: { name: this.scripts.metadata.name } }],
        reads: [this.scripts, ...client.reads],
      },
      { parent: this },
    );
  }

  private get common() {
    const { cluster, namespace, postgres } = this.args;
    const { user } = postgres.settings;
    return {
      cluster,
      namespace,
      workload: names.backup,
      deadline: this.deadline,
      runAs: { user, group: user },
      after: postgres.ready,
    };
  }
}
