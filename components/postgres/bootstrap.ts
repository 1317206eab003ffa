import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { CertificateAuthority } from "../network/certificates.ts";
import type { Configuration } from "../workload/checksum.ts";
import type { EnvironmentValue } from "../workload/container.ts";
import { oneTimeJob } from "../workload/job.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import { hostOf, keyMode, membersOf, names, paths, ports, roles, tlsFiles } from "./layout.ts";
import { dynamicConfiguration } from "./patroniConfig.ts";
import type { RepositoryClient } from "./repositoryClient.ts";
import { script } from "./scripts.ts";

/** Passwords of the roles that it makes, and of Patroni's REST API. */
export interface BootstrapPasswords {
  readonly dify: pulumi.Input<string>;
  readonly plugin: pulumi.Input<string>;
  readonly pooler: pulumi.Input<string>;
  readonly patroni: pulumi.Input<string>;
}

export interface BootstrapArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: PatroniSettings;
  readonly authority: CertificateAuthority;
  readonly passwords: BootstrapPasswords;
  readonly repositoryClient: RepositoryClient;
  /** The object stores and their buckets; only the stanza waits for them. */
  readonly store: readonly pulumi.Input<pulumi.Resource>[];
  /** Members and proxies. */
  readonly after: readonly pulumi.Input<pulumi.Resource>[];
}

const files = [
  "configure.py",
  "bootstrap.sh",
  "role.sql",
  "database.sql",
  "pooler.sql",
  "backup.sql",
  "replication-check.sh",
  "stanza.sh",
];

/** How long members may take to be there, which includes copying the data to a new standby. In seconds. */
const waitSeconds = 600;
const resources = { cpu: "50m", memory: "128Mi" } as const;

/**
 * What must be done once members are up, as Jobs that may run again: the configuration that all members share, roles and databases;
 * a check that commits wait for a standby; the place for backups in the repository.
 */
export class Bootstrap extends pulumi.ComponentResource {
  /** Databases and roles are there. */
  readonly databases: k8s.batch.v1.Job;
  /** A standby is synchronous; undefined when commits need none. */
  readonly replication: k8s.batch.v1.Job | undefined;
  /** The log is archived. */
  readonly stanza: k8s.batch.v1.Job;
  private readonly args: BootstrapArgs;
  private readonly scripts: k8s.core.v1.ConfigMap;

  constructor(name: string, args: BootstrapArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:Bootstrap", name, {}, opts);
    this.args = args;
    const { namespace, authority } = args;
    const child = { parent: this };
    const workload = names.bootstrap;
    this.scripts = configurationFiles(
      "postgres-bootstrap",
      { namespace, workload, files: Object.fromEntries(files.map((file) => [file, script(file)])) },
      child,
    );
    const superuser = authority.issue(names.bootstrap, { namespace }, child).secret;
    const passwords = secretFiles("postgres-bootstrap", { namespace, workload, files: { ...args.passwords } }, child);
    this.databases = this.databasesJob(superuser, passwords);
    this.replication = args.settings.synchronous === "off" ? undefined : this.replicationJob(superuser);
    this.stanza = this.stanzaJob();
    this.registerOutputs({ databases: this.databases.metadata.name, stanza: this.stanza.metadata.name });
  }

  private databasesJob(superuser: k8s.core.v1.Secret, passwords: k8s.core.v1.Secret): k8s.batch.v1.Job {
    const { cluster, settings } = this.args;
    const wanted = dynamicConfiguration(settings);
    const secret = passwords.metadata.name;
    const configure = {
      members: membersOf("members", settings.members, cluster).map(({ host }) => `${host}:${ports.member.patroni}`),
      tls: tlsFiles(paths.tls),
      wanted,
      waitSeconds,
      // Two rounds of Patroni's loop: one to see the change, one to report what it asks for.
      settleSeconds: 2 * settings.timing.loopWait + 2,
    };
    const common = { image: settings.image, resources, mounts: this.mounts };
    return this.job("postgres-bootstrap", {
      workload: names.bootstrap,
      does: [...files.slice(0, 6).map(script), configure],
      initContainers: [
        {
          ...common,
          name: "configure",
          command: ["python3", "-B", `${paths.scripts}/configure.py`],
          env: { CONFIGURE_SETTINGS: JSON.stringify(configure), PATRONI_PASSWORD: { secret, key: "patroni" } },
        },
      ],
      containers: [
        {
          ...common,
          name: "databases",
          command: ["sh", `${paths.scripts}/bootstrap.sh`],
          env: {
            ...this.primary,
            DIFY_PASSWORD: { secret, key: "dify" },
            PLUGIN_PASSWORD: { secret, key: "plugin" },
            POOLER_PASSWORD: { secret, key: "pooler" },
          },
          writable: ["/tmp"],
        },
      ],
      volumes: [certificateVolume(superuser)],
      reads: [passwords],
      after: this.args.after,
    });
  }

  private replicationJob(superuser: k8s.core.v1.Secret): k8s.batch.v1.Job {
    const { members, synchronous, synchronousStandbys } = this.args.settings;
    return this.job("replication-check", {
      workload: names.replicationCheck,
      does: [script("replication-check.sh"), members, synchronous, synchronousStandbys],
      containers: [
        {
          name: "check",
          image: this.args.settings.image,
          command: ["sh", `${paths.scripts}/replication-check.sh`],
          env: this.primary,
          mounts: this.mounts,
          writable: ["/tmp"],
          resources,
        },
      ],
      volumes: [certificateVolume(superuser)],
      reads: [],
      after: [this.databases],
    });
  }

  private stanzaJob(): k8s.batch.v1.Job {
    const { cluster, settings, repositoryClient, store } = this.args;
    const hosts = membersOf("members", settings.members, cluster).map(({ host }) => host);
    return this.job("postgres-stanza", {
      workload: names.bootstrap,
      does: [script("stanza.sh"), hosts, settings.archive],
      containers: [
        {
          name: "stanza",
          image: settings.image,
          command: ["sh", `${paths.scripts}/stanza.sh`],
          env: { ...repositoryClient.env, WAIT_SECONDS: `${waitSeconds}` },
          mounts: { ...this.mounts, ...repositoryClient.mounts },
          writable: ["/tmp"],
          resources,
        },
      ],
      volumes: repositoryClient.volumes,
      reads: repositoryClient.reads,
      after: [this.databases, ...store],
    });
  }

  /** libpq's variables for the superuser, who proves itself by certificate. */
  private get primary(): Readonly<Record<string, EnvironmentValue>> {
    const { authority, certificate, key } = tlsFiles(paths.tls);
    return {
      PGHOST: hostOf("proxy", this.args.cluster),
      PGPORT: `${ports.proxy.primary}`,
      PGUSER: roles.superuser,
      PGDATABASE: "postgres",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: authority,
      PGSSLCERT: certificate,
      PGSSLKEY: key,
      PGCONNECT_TIMEOUT: "5",
      WAIT_SECONDS: `${waitSeconds}`,
    };
  }

  private readonly mounts = {
    [paths.scripts]: { volume: "scripts", readOnly: true },
    [paths.tls]: { volume: "tls", readOnly: true },
  };

  private job(
    name: string,
    args: Pick<
      Parameters<typeof oneTimeJob>[1],
      "workload" | "does" | "containers" | "initContainers" | "volumes" | "after"
    > & { readonly reads: readonly Configuration[] },
  ): k8s.batch.v1.Job {
    const { cluster, namespace, settings } = this.args;
    return oneTimeJob(
      name,
      {
        ...args,
        cluster,
        namespace,
        deadline: waitSeconds + 300,
        runAs: { user: settings.user, group: settings.user },
        volumes: [...(args.volumes ?? []), { name: "scripts", configMap: { name: this.scripts.metadata.name } }],
      },
      { parent: this },
    );
  }
}

const certificateVolume = (certificate: k8s.core.v1.Secret) => ({
  name: "tls",
  secret: { secretName: certificate.metadata.name, defaultMode: keyMode },
});
