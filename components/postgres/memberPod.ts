import type { ClusterSettings } from "../../config/cluster.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import { namespaceNames } from "../network/namespaces.ts";
import type { ContainerArgs, EnvironmentValue, Mount } from "../workload/container.ts";
import { serviceDomain } from "../workload/service.ts";
import { hostOf, keyPrefix, lastingHosts, membersOf, names, paths, ports, roles, scope, tlsFiles } from "./layout.ts";
import { failoverTiming, type VoterTiming } from "./timing.ts";

type Environment = Readonly<Record<string, EnvironmentValue>>;
type Mounts = Readonly<Record<string, Mount>>;

/** What the containers of a member get from outside. */
export interface MemberPodArgs {
  readonly cluster: ClusterSettings;
  readonly settings: PatroniSettings;
  /** Patroni's password, out of a Secret. */
  readonly patroniPassword: EnvironmentValue;
  readonly repository: { readonly env: Environment; readonly mounts: Mounts };
}

const https = (path: string) => ({
  httpGet: { path, port: ports.member.patroni, scheme: "HTTPS" },
  timeoutSeconds: 5,
});

/** Containers of a member: Postgres under Patroni, pgBackRest's server for backup jobs, and the voter. */
export function memberContainers(args: MemberPodArgs): ContainerArgs[] {
  const { voter } = failoverTiming(args.settings);
  return [postgres(args), backupServer(args), ...(voter ? [voterBeside(args, voter)] : [])];
}

/** Volumes that only this pod has: sockets between its containers, and memory that Postgres' processes share. */
export const memberVolumes = [
  { name: "sockets", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
  // The runtime's own /dev/shm of 64 MiB is too small for parallel queries.
  { name: "shared-memory", emptyDir: { medium: "Memory", sizeLimit: "256Mi" } },
];

function postgres({ cluster, settings, patroniPassword, repository }: MemberPodArgs): ContainerArgs {
  const host = `$(PATRONI_NAME).${hostOf("members", cluster)}`;
  const lastingHost = `$(PATRONI_NAME).${serviceDomain(namespaceNames(cluster).data)}`;
  return {
    name: "postgres",
    image: settings.image,
    command: ["sh", `${paths.scripts}/start-member.sh`],
    env: {
      PATRONI_NAME: { field: "metadata.name" },
      PATRONI_POSTGRESQL_CONNECT_ADDRESS: `${host}:${ports.member.postgres}`,
      PATRONI_RESTAPI_CONNECT_ADDRESS: `${lastingHost}:${ports.member.patroni}`,
      PATRONI_RESTAPI_USERNAME: "patroni",
      PATRONI_RESTAPI_PASSWORD: patroniPassword,
      CONFIG_FOLDER: paths.config,
      SPOOL_FOLDER: paths.spool,
      ...restoreEnvironment(settings, cluster),
      ...repository.env,
    },
    mounts: {
      [paths.volume]: { volume: "data" },
      [paths.sockets]: { volume: "sockets" },
      "/dev/shm": { volume: "shared-memory" },
      [paths.config]: { volume: "config", readOnly: true },
      [paths.scripts]: { volume: "scripts", readOnly: true },
      [paths.tls]: { volume: "tls", readOnly: true },
      ...repository.mounts,
    },
    writable: ["/tmp"],
    resources: settings.resources,
    ports: [
      { name: "postgres", containerPort: ports.member.postgres },
      { name: "patroni", containerPort: ports.member.patroni },
    ],
    // Patroni answers while a new member is being copied; it stops answering only when its own loop hangs.
    startupProbe: { ...https("/liveness"), periodSeconds: 2, failureThreshold: 150 },
    livenessProbe: { ...https("/liveness"), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...https("/readiness"), periodSeconds: 3, failureThreshold: 2 },
  };
}

/** What scripts/postgres/restore-member.sh knows of the cluster; its target is told when it is called. */
export function restoreEnvironment(
  { members, binDir }: Pick<PatroniSettings, "members" | "binDir">,
  cluster: ClusterSettings,
): Readonly<Record<string, string>> {
  return {
    STANZA: scope,
    DATA: paths.data,
    BIN: binDir,
    SOCKETS: paths.sockets,
    MEMBERS: membersOf("members", members, cluster)
      .map(({ name }) => name)
      .join(" "),
  };
}

function backupServer({ settings, repository }: MemberPodArgs): ContainerArgs {
  const connects = { tcpSocket: { port: ports.member.pgbackrest }, timeoutSeconds: 3 };
  return {
    name: "pgbackrest",
    image: settings.image,
    command: ["pgbackrest", "server"],
    env: repository.env,
    mounts: {
      [paths.volume]: { volume: "data" },
      [paths.sockets]: { volume: "sockets" },
      [paths.tls]: { volume: "tls", readOnly: true },
      ...repository.mounts,
    },
    writable: ["/tmp"],
    resources: { cpu: "50m", memory: "256Mi" },
    ports: [{ name: "pgbackrest", containerPort: ports.member.pgbackrest }],
    startupProbe: { ...connects, periodSeconds: 2, failureThreshold: 30 },
    livenessProbe: { ...connects, periodSeconds: 20, failureThreshold: 3 },
  };
}

/** Files of the voter, beside each other. */
export const voterScripts = [
  "voter.py",
  "voter_ballot.py",
  "voter_probe.py",
  "voter_rules.py",
  "voter_store.py",
  "voter_view.py",
] as const;

function voterBeside({ cluster, settings }: MemberPodArgs, timing: VoterTiming): ContainerArgs {
  return {
    name: "voter",
    image: settings.image,
    command: ["python3", "-B", `${paths.scripts}/voter.py`],
    env: {
      VOTER_MEMBER: { field: "metadata.name" },
      VOTER_SETTINGS: JSON.stringify(voterSettings(settings, timing, etcdAddresses(settings, cluster))),
    },
    mounts: {
      [paths.scripts]: { volume: "scripts", readOnly: true },
      [paths.sockets]: { volume: "sockets" },
      [paths.tls]: { volume: "tls", readOnly: true },
    },
    resources: { cpu: "50m", memory: "64Mi" },
  };
}

/** What scripts/postgres/voter.py is told, in seconds where it is time. */
export function voterSettings(
  settings: Pick<PatroniSettings, "members" | "binDir">,
  timing: VoterTiming,
  etcd: readonly string[],
) {
  return {
    ...timing,
    voters: Array.from({ length: settings.members }, (_, i) => `${names.members}-${i}`),
    etcd,
    scopePrefix: `${keyPrefix}${scope}/`,
    votesPrefix: `/dify-ha-votes/${scope}/`,
    tls: tlsFiles(paths.tls),
    // The standby beside it is asked over its socket.
    postgres: { psql: `${settings.binDir}/psql`, sockets: paths.sockets, user: roles.superuser },
  };
}

/** host:port of each member of etcd. */
export function etcdAddresses({ etcd }: Pick<PatroniSettings, "etcd">, cluster: ClusterSettings): string[] {
  return lastingHosts("etcd", etcd.members, cluster).map((host) => `${host}:${ports.etcd.client}`);
}
