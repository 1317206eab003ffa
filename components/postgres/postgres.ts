import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { ExternalPostgresSettings, PatroniSettings, PostgresSettings } from "../../config/postgres.ts";
import type { SecretName } from "../../config/secrets.ts";
import type { CertificateAuthority } from "../network/certificates.ts";
import { Bootstrap } from "./bootstrap.ts";
import type { PostgresBackupAccess, PostgresConnection } from "./connection.ts";
import { Etcd } from "./etcd.ts";
import { databases, hostOf, ports } from "./layout.ts";
import { PatroniMembers } from "./members.ts";
import { Pooler } from "./pooler.ts";
import { PostgresProxy } from "./proxy.ts";
import { Repository, type RepositoryStore } from "./repository.ts";
import { RepositoryClient } from "./repositoryClient.ts";
import type { DatabaseClient } from "./sizing.ts";

export interface PostgresArgs {
  readonly cluster: ClusterSettings;
  /** Namespace of all its pods; used by the backend "patroni". */
  readonly namespace: pulumi.Input<string>;
  readonly settings: PostgresSettings;
  readonly authority: CertificateAuthority;
  /** Where passwords come from; asked only for those that the backend needs. */
  readonly credentials: { password(name: SecretName): pulumi.Output<string> };
  /** Where the log is archived and backups will lie. Postgres starts and works without it. */
  readonly objectStore: RepositoryStore;
  /** Where the log is archived as well, for the day on which this site is lost. @default nowhere */
  readonly offsite?: RepositoryStore | undefined;
  /** Who connects, and with how many connections: the poolers must carry them. */
  readonly clients: readonly DatabaseClient[];
  /** What must be there before the first pod starts. @default [] */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

/**
 * PostgreSQL that loses no acknowledged write with a zone: a cluster of our own, or a server that somebody else keeps available.
 * @example const { connection } = new Postgres("postgres", { cluster, namespace, settings, authority, credentials, objectStore, clients });
 */
export class Postgres extends pulumi.ComponentResource {
  readonly connection: PostgresConnection;
  /** Undefined for a server that is run elsewhere: so are its backups. */
  readonly backup: PostgresBackupAccess | undefined;

  constructor(name: string, args: PostgresArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:Postgres", name, { settings: args.settings }, opts);
    const { settings } = args;
    if (settings.backend === "external") this.connection = external(settings, args);
    else ({ connection: this.connection, backup: this.backup } = this.underPatroni(settings, args));
    this.registerOutputs({ host: this.connection.host, port: this.connection.port });
  }

  private underPatroni(
    settings: PatroniSettings,
    args: PostgresArgs,
  ): { readonly connection: PostgresConnection; readonly backup: PostgresBackupAccess } {
    const { cluster, namespace, authority, credentials, objectStore, offsite, after = [] } = args;
    const common = { cluster, namespace, settings, authority };
    const child = { parent: this };
    const dify = credentials.password("difyDatabasePassword");
    const plugin = credentials.password("pluginDatabasePassword");
    const pooler = credentials.password("poolerPassword");
    const patroni = credentials.password("patroniPassword");

    const sites = [
      { store: objectStore, cipher: credentials.password("pgbackrestCipher") },
      ...(offsite ? [{ store: offsite, cipher: credentials.password("offsiteCipher") }] : []),
    ];
    const repository = new Repository("repository", { namespace, settings, sites }, child);
    const etcd = new Etcd("etcd", { ...common, after }, child);
    const members = new PatroniMembers(
      "members",
      { ...common, repository, patroniPassword: patroni, after: [...after, etcd.workload] },
      child,
    );
    const { clients } = args;
    const proxy = new PostgresProxy("proxy", { ...common, authority: authority.certificate, clients, after }, child);
    const repositoryClient = new RepositoryClient("repository-client", { ...common, repository }, child);
    const bootstrap = new Bootstrap(
      "bootstrap",
      {
        ...common,
        repositoryClient,
        passwords: { dify, plugin, pooler, patroni },
        store: sites.flatMap(({ store }) => store.ready),
        after: [members.workload, proxy.workload],
      },
      child,
    );
    const poolers = new Pooler(
      "pooler",
      {
        ...common,
        clients,
        passwords: { pooler, poolerAdmin: credentials.password("poolerAdminPassword") },
        after,
      },
      child,
    );
    return {
      connection: {
        host: pulumi.output(hostOf("pooler", cluster)),
        port: ports.pooler,
        dify: { database: databases.dify, user: databases.dify, password: dify },
        plugin: { database: databases.plugin, user: databases.plugin, password: plugin },
        caCertificate: authority.certificate,
        pooled: true,
        ready: [bootstrap.databases, poolers.workload],
      },
      backup: {
        client: repositoryClient,
        repositories: repository.repositories,
        poolers: poolers.consoles,
        settings,
        ready: [bootstrap.stanza, poolers.workload],
      },
    };
  }
}

function external(settings: ExternalPostgresSettings, { credentials }: PostgresArgs): PostgresConnection {
  const { host, port, dify, plugin, caCertificate, pooled } = settings;
  return {
    host: pulumi.output(host),
    port,
    dify: { ...dify, password: credentials.password("difyDatabasePassword") },
    plugin: { ...plugin, password: credentials.password("pluginDatabasePassword") },
    caCertificate: caCertificate === undefined ? undefined : pulumi.output(caCertificate),
    pooled,
    ready: [],
  };
}
