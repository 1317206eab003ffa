import { stringify } from "yaml";
import type { PatroniSettings } from "../../config/postgres.ts";
import { toBytes } from "../../config/units.ts";
import { keyPrefix, names, paths, ports, roles, scope, tlsFiles } from "./layout.ts";
import { logShares, memoryPlan, reserved, walSenders } from "./sizing.ts";
import { failoverTiming } from "./timing.ts";

/** Script that fetches what the leader does not keep any more. */
export const fetchLog = "fetch-log.sh";

/** A command that is not found would end a standby: members that have the script not yet, or not any more, do without. */
const restoreCommand = `test -e ${paths.scripts}/${fetchLog} && STANZA=${scope} PATIENCE=20 sh ${paths.scripts}/${fetchLog} %f %p`;

type Value = string | number | boolean;

/** What all members agree on; kept in etcd. Patroni reads it from a file only when the cluster is made. */
export interface DynamicConfiguration {
  readonly ttl: number;
  readonly loop_wait: number;
  readonly retry_timeout: number;
  readonly maximum_lag_on_failover: number;
  readonly check_timeline: boolean;
  readonly primary_start_timeout: number;
  readonly primary_stop_timeout: number;
  readonly synchronous_mode: boolean | "quorum";
  readonly synchronous_mode_strict: boolean;
  readonly synchronous_node_count: number;
  readonly failsafe_mode: boolean;
  readonly member_slots_ttl: string;
  readonly postgresql: {
    readonly use_pg_rewind: boolean;
    readonly remove_data_directory_on_rewind_failure: boolean;
    readonly use_slots: boolean;
    /** Of standbys. */
    readonly recovery_conf: Readonly<Record<string, Value>>;
    readonly parameters: Readonly<Record<string, Value>>;
  };
}

/** Of what must be the same on all members, or may change without a restart. */
export function dynamicConfiguration(settings: PatroniSettings): DynamicConfiguration {
  const timing = failoverTiming(settings);
  return {
    ttl: timing.ttl,
    loop_wait: timing.loopWait,
    retry_timeout: timing.retryTimeout,
    // With synchronous commits only a standby that has them all is a candidate; this bounds the others.
    maximum_lag_on_failover: 2 ** 20,
    // A leader of before may have more log than its successor had, written when nobody followed it any more.
    check_timeline: true,
    primary_start_timeout: timing.primaryStartTimeout,
    primary_stop_timeout: timing.primaryStopTimeout,
    synchronous_mode: settings.synchronous === "quorum" ? "quorum" : settings.synchronous === "on",
    synchronous_mode_strict: settings.strict && settings.synchronous !== "off",
    synchronous_node_count: settings.synchronousStandbys,
    // The leader goes on without etcd as long as every member answers it.
    failsafe_mode: true,
    // A member that is away for longer than this no longer holds back the primary's log.
    member_slots_ttl: "2h",
    postgresql: {
      use_pg_rewind: true,
      // What a rewind has left half done, for want of space or of its leader, never starts again: the member is copied anew.
      remove_data_directory_on_rewind_failure: true,
      use_slots: true,
      recovery_conf: { restore_command: restoreCommand },
      parameters: sharedParameters(settings),
    },
  };
}

function sharedParameters(settings: PatroniSettings): Record<string, Value> {
  const memory = memoryPlan(settings);
  const volume = toBytes(settings.storage) / 2 ** 20;
  const share = (part: number) => `${Math.max(64, Math.floor(volume * part))}MB`;
  return {
    max_connections: settings.maxConnections,
    superuser_reserved_connections: reserved.superuser,
    max_wal_senders: walSenders(settings),
    max_replication_slots: walSenders(settings),
    max_worker_processes: 16,
    max_prepared_transactions: 0,
    wal_level: "replica",
    hot_standby: "on",
    wal_log_hints: "on",
    archive_mode: "on",
    archive_command: `pgbackrest --stanza=${scope} archive-push %p`,
    archive_timeout: `${settings.archive.timeout}s`,
    // Log that standbys need is bounded, so that one that is away for days cannot fill the primary's volume.
    max_wal_size: share(logShares.checkpoints),
    wal_keep_size: share(logShares.kept),
    max_slot_wal_keep_size: share(logShares.slots),
    checkpoint_timeout: "10min",
    checkpoint_completion_target: 0.9,
    wal_compression: "zstd",
    shared_buffers: `${memory.sharedBuffers}MB`,
    effective_cache_size: `${memory.effectiveCacheSize}MB`,
    maintenance_work_mem: `${memory.maintenanceWorkMem}MB`,
    work_mem: `${memory.workMem}MB`,
    // A pod may not use huge pages that it did not ask for: the kernel kills it.
    huge_pages: "off",
    random_page_cost: 1.1,
    // A cut link must be noticed sooner than the kernel's quarter of an hour, or a lost standby holds its place.
    wal_sender_timeout: "5s",
    wal_receiver_timeout: "5s",
    // A new leader's commits wait for a standby: one that could not reach it at once must not wait for 5 s.
    wal_retrieve_retry_interval: "1s",
    tcp_keepalives_idle: 5,
    tcp_keepalives_interval: 1,
    tcp_keepalives_count: 3,
    tcp_user_timeout: "5s",
    timezone: "UTC",
    log_timezone: "UTC",
    log_checkpoints: "on",
    log_lock_waits: "on",
    log_min_duration_statement: "1s",
    log_autovacuum_min_duration: "10s",
    log_line_prefix: "%m [%p] %q%u@%d ",
    track_io_timing: "on",
    autovacuum_vacuum_scale_factor: 0.05,
    idle_in_transaction_session_timeout: "10min",
    password_encryption: "scram-sha-256",
  };
}

/** Patroni's parser knows YAML 1.1 only, in which "on" without quotes is no text. */
const yaml = (document: unknown) => stringify(document, { version: "1.1" });

/** The file with which the cluster is made. Later changes of it are put into etcd by scripts/postgres/configure.py. */
export function clusterFile(settings: PatroniSettings): string {
  return yaml({ bootstrap: { dcs: dynamicConfiguration(settings) } });
}

/** The file that a member reads at every start. Its own name and addresses, and the password, come from its environment. */
export function memberFile(settings: PatroniSettings, etcdHosts: readonly string[]): string {
  return yaml(memberConfiguration(settings, etcdHosts));
}

function memberConfiguration(settings: PatroniSettings, etcdHosts: readonly string[]) {
  const { authority, certificate, key } = tlsFiles(paths.tls);
  const login = (username: string) => ({
    username,
    sslmode: "verify-full",
    sslrootcert: authority,
    sslcert: certificate,
    sslkey: key,
  });
  return {
    scope,
    namespace: keyPrefix,
    restapi: {
      listen: `0.0.0.0:${ports.member.patroni}`,
      certfile: certificate,
      keyfile: key,
      cafile: authority,
      // Whoever wants to change something needs a certificate and the password; health checks need neither.
      verify_client: "optional",
      authentication: { username: "patroni" },
    },
    ctl: { cacert: authority, certfile: certificate, keyfile: key },
    etcd3: {
      hosts: etcdHosts.map((host) => `${host}:${ports.etcd.client}`),
      protocol: "https",
      cacert: authority,
      cert: certificate,
      key,
    },
    bootstrap: {
      initdb: [
        { encoding: "UTF8" },
        // Built into Postgres: an image with another C library sorts the same, and no index breaks.
        { "locale-provider": "builtin" },
        { "builtin-locale": "C.UTF-8" },
        { locale: "C" },
        "data-checksums",
      ],
    },
    postgresql: {
      listen: `0.0.0.0:${ports.member.postgres}`,
      data_dir: paths.data,
      bin_dir: settings.binDir,
      pgpass: "/tmp/pgpass",
      use_unix_socket: true,
      use_unix_socket_repl: true,
      authentication: {
        superuser: login(roles.superuser),
        replication: login(roles.replication),
        rewind: login(roles.rewind),
      },
      parameters: {
        unix_socket_directories: paths.sockets,
        ssl: "on",
        ssl_ca_file: authority,
        ssl_cert_file: certificate,
        ssl_key_file: key,
        ssl_min_protocol_version: "TLSv1.2",
      },
      pg_hba: accessRules,
      pg_ident: identities,
      // A standby is made from a base backup of the leader, at full speed.
      basebackup: [{ checkpoint: "fast" }, { "max-rate": "1024M" }],
    },
    tags: { clonefrom: true },
  };
}

/** Names in the certificates of those that log in with one. */
export const certificateLogins = { members: names.members, jobs: names.bootstrap, backups: names.backup } as const;

/**
 * Who may log in, and how. Powerful roles have no password: members and jobs prove themselves by certificate, so that there is
 * nothing to steal, to rotate or to keep the same on both sides. Whoever reaches the socket can read the data files too.
 */
const accessRules = [
  "local all all trust",
  "local replication all trust",
  `hostssl replication ${roles.replication} all cert map=members`,
  `hostssl postgres ${roles.rewind} all cert map=members`,
  `hostssl all ${roles.superuser} all cert map=jobs`,
  `hostssl all ${roles.backup} all cert map=backups`,
  `hostssl all ${roles.replication},${roles.rewind} all reject`,
  "hostssl all all all scram-sha-256",
];

/** Which certificate stands for which role. */
const identities = [
  `members ${certificateLogins.members} ${roles.replication}`,
  `members ${certificateLogins.members} ${roles.rewind}`,
  `jobs ${certificateLogins.jobs} ${roles.superuser}`,
  `backups ${certificateLogins.backups} ${roles.backup}`,
];
