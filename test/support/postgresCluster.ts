import type { PatroniSettings } from "../../config/postgres.ts";
import { etcdArguments } from "../../components/postgres/etcdConfig.ts";
import {
  lastingHosts,
  hostOf,
  membersOf,
  names,
  paths,
  poolerHost,
  ports,
  scope,
  tlsFiles,
} from "../../components/postgres/layout.ts";
import { namespaceNames } from "../../components/network/namespaces.ts";
import { serviceDomain } from "../../components/workload/service.ts";
import { restoreEnvironment, voterScripts, voterSettings } from "../../components/postgres/memberPod.ts";
import { clusterFile, dynamicConfiguration, fetchLog, memberFile } from "../../components/postgres/patroniConfig.ts";
import { memberRepositoryConfig, type RepositoryPlace } from "../../components/postgres/pgbackrestConfig.ts";
import { pgbouncerConfig, userList } from "../../components/postgres/pgbouncerConfig.ts";
import { script } from "../../components/postgres/scripts.ts";
import { failoverTiming } from "../../components/postgres/timing.ts";
import type { DebianNetwork, DebianProgram } from "../../local/debian/run.ts";
import type { DebianResult, RunningProgram } from "./debian.ts";
import { NamedNetwork } from "./namedNetwork.ts";
import { proxyFile, proxyProgram } from "./postgresProxy.ts";
import { placeOf, repositoryEnv } from "./backupStore.ts";
import {
  addressOf,
  areas,
  cluster,
  passwords,
  poolerPod,
  storeHosts,
  tlsVolume,
  type Party,
} from "./postgresSample.ts";
import type { Certificate } from "./servers/certificates.ts";
import { mountsOf } from "./servers/server.ts";

/**
 * A cluster from the very files that the program renders, on a loopback of its own: names lead to addresses of 127.0.0.0/8 where
 * in a cluster they lead to pods.
 */
export class PostgresCluster extends NamedNetwork {
  readonly settings: PatroniSettings;
  /** Where the log is archived, one or two sites: nobody answers there until a `BackupStore` is started. */
  readonly places: readonly RepositoryPlace[];
  private readonly certificates: Record<Party, Certificate>;
  private readonly connections: number;

  constructor(options: {
    readonly settings: PatroniSettings;
    readonly network: DebianNetwork;
    readonly certificates: Record<Party, Certificate>;
    /** @default 1 */
    readonly sites?: 1 | 2;
    /** @default 1 */
    readonly poolers?: 1 | 2;
    /** Connections that clients open at once. @default few */
    readonly connections?: number | undefined;
    /** Lines for /etc/hosts of others in the same network. */
    readonly others?: readonly string[];
  }) {
    const members = (["etcd", "members"] as const).flatMap((part) =>
      membersOf(part, 7, cluster).map(({ host }, i) => `${addressOf(areas[part], i)} ${host}`),
    );
    super(options.network, [
      ...members,
      ...storeHosts.map((host, i) => `${addressOf(areas.stores, i)} ${host}`),
      ...(["etcd", "members"] as const).flatMap((part) =>
        lastingHosts(part, 3, cluster).map((host, i) => `${addressOf(areas[part], i)} ${host}`),
      ),
      // Both Services lead to the proxy.
      ...(["proxy", "pooler"] as const).map((part) => `${addressOf(areas.proxy, 0)} ${hostOf(part, cluster)}`),
      ...Array.from({ length: options.poolers ?? 1 }, (_, i) => `${addressOf(areas.pooler, i)} ${poolerHost(cluster)}`),
      ...(options.others ?? []),
    ]);
    this.settings = options.settings;
    this.certificates = options.certificates;
    this.connections = options.connections ?? 0;
    this.places = storeHosts.slice(0, options.sites ?? 1).map((host, i) => placeOf(host, i));
  }

  startEtcd(index: number): RunningProgram {
    const { name } = this.memberOf("etcd", index);
    const args = etcdArguments({
      members: membersOf("etcd", this.settings.etcd.members, cluster),
      name,
      domain: hostOf("etcd", cluster),
      clientDomain: serviceDomain(namespaceNames(cluster).data),
      dataDir: "/var/lib/etcd-test",
      tls: "/etc/etcd-tls",
      commonName: "etcd",
    });
    const address = addressOf(areas.etcd, index);
    return this.start(name, {
      argv: ["etcd", ...args.map((arg) => arg.replaceAll("0.0.0.0", address))],
      files: tlsVolume("/etc/etcd-tls", this.certificates.etcd),
      mounts: mountsOf("etcd"),
    });
  }

  /** Patroni with its voter and pgBackRest's server, as the containers of a pod. */
  startMember(index: number): RunningProgram {
    const { name, host } = this.memberOf("members", index);
    const address = addressOf(areas.members, index);
    const { voter } = failoverTiming(this.settings);
    const etcd = lastingHosts("etcd", this.settings.etcd.members, cluster);
    const backupServer = memberRepositoryConfig(this.settings, this.places).replace("=*", `=${address}`);
    return this.start(name, {
      argv: ["/opt/test/pod"],
      user: "postgres",
      graceSeconds: 30,
      env: {
        PATRONI_NAME: name,
        PATRONI_POSTGRESQL_CONNECT_ADDRESS: `${host}:${ports.member.postgres}`,
        PATRONI_POSTGRESQL_LISTEN: `${address}:${ports.member.postgres}`,
        PATRONI_RESTAPI_CONNECT_ADDRESS: `${name}.${serviceDomain(namespaceNames(cluster).data)}:${ports.member.patroni}`,
        PATRONI_RESTAPI_LISTEN: `${address}:${ports.member.patroni}`,
        PATRONI_RESTAPI_USERNAME: "patroni",
        PATRONI_RESTAPI_PASSWORD: passwords.patroni,
        CONFIG_FOLDER: paths.config,
        SPOOL_FOLDER: paths.spool,
        ...restoreEnvironment(this.settings, cluster),
        ...repositoryEnv(this.places.length),
        VOTER_MEMBER: name,
        ...(voter && {
          VOTER_SETTINGS: JSON.stringify(
            voterSettings(
              this.settings,
              voter,
              etcd.map((e) => `${e}:${ports.etcd.client}`),
            ),
          ),
        }),
      },
      files: {
        "/opt/test/pod": `#!/bin/sh
pgbackrest server &
${voter ? `python3 -B ${paths.scripts}/voter.py &` : ""}
exec sh ${paths.scripts}/start-member.sh
`,
        [`${paths.config}/patroni.yml`]: clusterFile(this.settings),
        [`${paths.config}/member.yml`]: memberFile(this.settings, etcd),
        [`${paths.scripts}/start-member.sh`]: script("start-member.sh"),
        [`${paths.scripts}/${fetchLog}`]: script(fetchLog),
        [`${paths.scripts}/restore-member.sh`]: script("restore-member.sh"),
        [`${paths.scripts}/identity.py`]: script("identity.py"),
        ...Object.fromEntries(voterScripts.map((name) => [`${paths.scripts}/${name}`, script(name)])),
        [`${paths.repository}/pgbackrest.conf`]: backupServer,
        ...Object.fromEntries(
          this.places.map(({ authorityFile = "" }) => [authorityFile, this.certificates.minio.authority]),
        ),
        [`${paths.volume}/.keep`]: "",
        [`${paths.sockets}/.keep`]: "",
        ...tlsVolume(paths.tls, this.certificates.postgres),
      },
    });
  }

  startProxy(): RunningProgram {
    const { argv, files } = proxyProgram(this.settings, {
      address: addressOf(areas.proxy, 0),
      authority: this.certificates.postgres.authority,
    });
    // Names are in a file here, which HAProxy reads at its start alone.
    const config = files[proxyFile]?.replaceAll("init-addr none", "init-addr libc") ?? "";
    return this.start(names.proxy, { argv, user: "haproxy", files: { ...files, [proxyFile]: config } });
  }

  startPooler(index = 0): RunningProgram {
    const config = pgbouncerConfig({
      settings: this.settings,
      clients: [{ name: "clients", processes: 1, poolSize: this.connections, overflow: 0 }],
      primary: { host: hostOf("proxy", cluster), port: ports.proxy.primary },
      tls: "/etc/pgbouncer-tls",
      userList: "/etc/pgbouncer-users/userlist.txt",
    });
    return this.start(`${names.pooler}-${index}`, {
      argv: ["/opt/test/pod"],
      user: "postgres",
      env: { DRAIN_SECONDS: "1" },
      files: {
        "/opt/test/pod": poolerPod,
        "/opt/dify-ha/drain-pooler.sh": script("drain-pooler.sh"),
        "/etc/pgbouncer/test.ini": config.replace("0.0.0.0", addressOf(areas.pooler, index)),
        "/etc/pgbouncer-users/userlist.txt": userList(passwords),
        ...tlsVolume("/etc/pgbouncer-tls", this.certificates.pgbouncer),
      },
    });
  }

  /** libpq's variables and files of the superuser, through the proxy. */
  superuser(): Required<Pick<DebianProgram, "env" | "files" | "user">> {
    const tls = tlsFiles(paths.tls);
    return {
      user: "postgres",
      env: {
        PGHOST: hostOf("proxy", cluster),
        PGPORT: `${ports.proxy.primary}`,
        PGUSER: "postgres",
        PGDATABASE: "postgres",
        PGSSLMODE: "verify-full",
        PGSSLROOTCERT: tls.authority,
        PGSSLCERT: tls.certificate,
        PGSSLKEY: tls.key,
        PGCONNECT_TIMEOUT: "5",
        WAIT_SECONDS: "60",
      },
      files: tlsVolume(paths.tls, this.certificates["postgres-bootstrap"]),
    };
  }

  /** libpq's variables of a client of the pooler. */
  client(user: "dify" | "plugin"): Required<Pick<DebianProgram, "env" | "files">> {
    const name = user === "dify" ? "dify" : "dify_plugin";
    return {
      env: {
        PGHOST: hostOf("pooler", cluster),
        PGPORT: `${ports.pooler}`,
        PGUSER: name,
        PGDATABASE: name,
        PGPASSWORD: passwords[user],
        PGSSLMODE: "verify-full",
        PGSSLROOTCERT: "/etc/test/ca.crt",
        PGCONNECT_TIMEOUT: "5",
      },
      files: { "/etc/test/ca.crt": this.certificates.pgbouncer.authority },
    };
  }

  /** What Job postgres-bootstrap does first. */
  configure(settings: PatroniSettings): Promise<DebianResult> {
    const configure = {
      members: membersOf("members", settings.members, cluster).map(({ host }) => `${host}:${ports.member.patroni}`),
      tls: tlsFiles(paths.tls),
      wanted: dynamicConfiguration(settings),
      waitSeconds: 60,
      settleSeconds: 2 * settings.timing.loopWait + 2,
    };
    const { files } = this.superuser();
    return this.run({
      argv: ["python3", "/opt/dify-ha/configure.py"],
      files: { ...files, "/opt/dify-ha/configure.py": script("configure.py") },
      env: { CONFIGURE_SETTINGS: JSON.stringify(configure), PATRONI_PASSWORD: passwords.patroni },
      timeoutSeconds: 120,
    });
  }

  /** What Job postgres-bootstrap does then. */
  bootstrap(changed: Partial<typeof passwords> | Record<string, string> = {}): Promise<DebianResult> {
    const { env, files, user } = this.superuser();
    const given: Record<string, string> = { ...passwords, ...changed };
    return this.run({
      argv: ["sh", "/opt/dify-ha/bootstrap.sh"],
      user,
      env: {
        ...env,
        DIFY_PASSWORD: given["dify"] ?? "",
        PLUGIN_PASSWORD: given["plugin"] ?? "",
        POOLER_PASSWORD: given["pooler"] ?? "",
      },
      files: {
        ...files,
        ...Object.fromEntries(
          ["bootstrap.sh", "role.sql", "database.sql", "pooler.sql", "backup.sql"].map((f) => [
            `/opt/dify-ha/${f}`,
            script(f),
          ]),
        ),
      },
      timeoutSeconds: 120,
    });
  }

  /** Runs SQL as the superuser at the primary; the rows as lines. @throws what Postgres says. */
  async sql(statement: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run({ argv: ["psql", "-XAtqc", statement], ...this.superuser() });
    if (exitCode !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  /** Name of the leader that Patroni's store names. */
  async leader(): Promise<string> {
    const files = tlsFiles("/etc/etcd-tls");
    const result = await this.run({
      argv: ["etcdctl", "get", "--print-value-only", `/dify-ha/${scope}/leader`],
      env: {
        ETCDCTL_ENDPOINTS: lastingHosts("etcd", this.settings.etcd.members, cluster)
          .map((host) => `https://${host}:${ports.etcd.client}`)
          .join(","),
        ETCDCTL_CACERT: files.authority,
        ETCDCTL_CERT: files.certificate,
        ETCDCTL_KEY: files.key,
      },
      files: tlsVolume("/etc/etcd-tls", this.certificates.etcd),
      mounts: mountsOf("etcdctl"),
    });
    return result.stdout.trim();
  }

  private memberOf(part: "etcd" | "members", index: number): { readonly name: string; readonly host: string } {
    return membersOf(part, index + 1, cluster)[index] as { name: string; host: string };
  }
}
