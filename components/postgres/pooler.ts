import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { CertificateAuthority } from "../network/certificates.ts";
import type { ContainerArgs } from "../workload/container.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { podService } from "../workload/service.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import type { PoolerConsoles } from "./connection.ts";
import { certificateNames, hostOf, keyMode, names, poolerHost, poolerPods, ports, roles, tlsFiles } from "./layout.ts";
import { pauseTiming } from "./pauseTiming.ts";
import { pgbouncerConfig, userList } from "./pgbouncerConfig.ts";
import { script } from "./scripts.ts";
import type { DatabaseClient } from "./sizing.ts";

export interface PoolerArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: PatroniSettings;
  readonly authority: CertificateAuthority;
  /** Who connects, and with how many connections. */
  readonly clients: readonly DatabaseClient[];
  /** Passwords of the role that looks up other roles, and of the console's. */
  readonly passwords: { readonly pooler: pulumi.Input<string>; readonly poolerAdmin: pulumi.Input<string> };
  /** What must be there before the first pod starts. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

const folders = {
  config: "/etc/pgbouncer",
  users: "/etc/pgbouncer-users",
  tls: "/etc/pgbouncer-tls",
  scripts: "/opt/dify-ha",
} as const;

const scriptNames = ["drain-pooler.sh", "resume_paused.py", "session.py"];

/** Key of the console's password in the Secret of users. */
export const consolePassword = "console-password";

/** Longest time that a transaction may take to end when its pooler ends. */
const transactionSeconds = 50;

/** Poolers that share a few connections to the primary among many clients, and hold requests back while it changes. */
export class Pooler extends pulumi.ComponentResource {
  readonly workload: StatelessWorkload;
  readonly consoles: PoolerConsoles;

  constructor(name: string, args: PoolerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:Pooler", name, { settings: args.settings.pooler }, opts);
    const { cluster, namespace, settings } = args;
    const { pooler } = settings;
    const child = { parent: this };
    const files = { namespace, workload: names.pooler };

    const certificate = args.authority.issue(
      names.pooler,
      { namespace, dnsNames: certificateNames("pooler", cluster) },
      child,
    );
    const rendered = pgbouncerConfig({
      settings,
      clients: args.clients,
      primary: { host: hostOf("proxy", cluster), port: ports.proxy.primary },
      tls: folders.tls,
      userList: `${folders.users}/userlist.txt`,
    });
    const config = configurationFiles("pgbouncer-config", { ...files, files: { "pgbouncer.ini": rendered } }, child);
    const { poolerAdmin } = args.passwords;
    const users = secretFiles(
      "pgbouncer-users",
      {
        ...files,
        files: { "userlist.txt": pulumi.output(args.passwords).apply(userList), [consolePassword]: poolerAdmin },
      },
      child,
    );
    const scriptFiles = Object.fromEntries(scriptNames.map((file) => [file, script(file)]));
    const scripts = configurationFiles("pgbouncer-scripts", { ...files, files: scriptFiles }, child);

    const connects = { tcpSocket: { port: ports.pooler }, timeoutSeconds: 3 };
    this.workload = new StatelessWorkload(
      names.pooler,
      {
        cluster,
        namespace,
        replicas: pooler.replicas,
        priority: "data",
        runAs: { user: pooler.user, group: pooler.user },
        graceSeconds: pooler.drain + transactionSeconds,
        containers: [
          {
            name: "pgbouncer",
            image: pooler.image,
            command: ["pgbouncer", `${folders.config}/pgbouncer.ini`],
            env: { DRAIN_SECONDS: `${pooler.drain}` },
            mounts: {
              [folders.config]: { volume: "config", readOnly: true },
              [folders.users]: { volume: "users", readOnly: true },
              [folders.tls]: { volume: "tls", readOnly: true },
              [folders.scripts]: { volume: "scripts", readOnly: true },
            },
            resources: pooler.resources,
            ports: [{ name: "postgres", containerPort: ports.pooler }],
            lifecycle: { preStop: { exec: { command: ["sh", `${folders.scripts}/drain-pooler.sh`] } } },
            startupProbe: { ...connects, periodSeconds: 1, failureThreshold: 30 },
            livenessProbe: { ...connects, periodSeconds: 10, failureThreshold: 3 },
            readinessProbe: { ...connects, periodSeconds: 2, failureThreshold: 2 },
          },
          resumer(settings, users.metadata.name),
        ],
        volumes: [
          { name: "config", configMap: { name: config.metadata.name } },
          { name: "scripts", configMap: { name: scripts.metadata.name } },
          { name: "users", secret: { secretName: users.metadata.name, defaultMode: keyMode } },
          { name: "tls", secret: { secretName: certificate.secret.metadata.name, defaultMode: keyMode } },
        ],
        reads: [config, users, certificate.secret],
        after: [...(args.after ?? [])],
      },
      child,
    );
    // Also those that are not ready, or no longer: the proxies see for themselves who takes connections, and sooner than the DNS tells it.
    podService(
      poolerPods,
      { namespace, workload: names.pooler, ports: { postgres: ports.pooler }, headless: true },
      child,
    );
    this.consoles = {
      host: poolerHost(cluster),
      certified: hostOf("pooler", cluster),
      port: ports.pooler,
      user: roles.poolerAdmin,
      secret: users,
    };
    this.registerOutputs({ deployment: this.workload.deployment.metadata.name });
  }
}

/** Ends a pause that whoever began it cannot end any more. Its image is that of the members, which has psql and Python. */
function resumer(settings: PatroniSettings, secret: pulumi.Input<string>): ContainerArgs {
  const { guard, interval } = pauseTiming(settings);
  return {
    name: "resume",
    image: settings.image,
    command: ["python3", "-B", `${folders.scripts}/resume_paused.py`],
    env: {
      PGHOST: "localhost",
      PGHOSTADDR: "127.0.0.1",
      PGPORT: `${ports.pooler}`,
      PGUSER: roles.poolerAdmin,
      PGPASSWORD: { secret, key: consolePassword },
      PGDATABASE: "pgbouncer",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: tlsFiles(folders.tls).authority,
      PGCONNECT_TIMEOUT: "2",
      PAUSE_LIMIT: `${guard}`,
      INTERVAL: `${interval}`,
    },
    mounts: {
      [folders.tls]: { volume: "tls", readOnly: true },
      [folders.scripts]: { volume: "scripts", readOnly: true },
    },
    writable: ["/tmp"],
    resources: { cpu: "10m", memory: "64Mi" },
  };
}
