import type { PatroniSettings } from "../../config/postgres.ts";
import { toBytes } from "../../config/units.ts";

/** Processes that each keep a pool of connections to one database, at most at once: with those that an update has told to end. */
export interface DatabaseClient {
  readonly name: string;
  readonly processes: number;
  /** Connections that a process keeps. */
  readonly poolSize: number;
  /** Connections that it opens beyond them when it is busy. */
  readonly overflow: number;
}

/** Who may use how many connections, all of them on the primary. */
export interface ConnectionBudget {
  /** Connections from clients that one pooler must accept when it is the only one left. */
  readonly clientsPerPooler: number;
  /** Connections of all poolers to the primary, at the height of a rolling update. */
  readonly fromPoolers: number;
  /** For Patroni, backups, jobs and people; see `reserved`. */
  readonly reserved: number;
  /** What is left of the setting; negative means that it does not add up. */
  readonly spare: number;
}

/** Connections that no pooler gets. */
export const reserved = {
  /** Postgres keeps them for superusers: superuser_reserved_connections. */
  superuser: 5,
  /** Patroni's own on the primary, and its peers' pg_rewind. */
  patroni: 3,
  /** pgBackRest and the jobs of backup, check and bootstrap. */
  jobs: 4,
  /** Metrics and people. */
  observers: 3,
} as const;

/** Replication is counted apart (max_wal_senders): standbys, base backups, and as many again for those that reconnect. */
export function walSenders({ members }: Pick<PatroniSettings, "members">): number {
  return 2 * members + 4;
}

/** Shares of a member's volume that the log may take. What is left of it is the data's. */
export const logShares = {
  /** Between two checkpoints. */
  checkpoints: 0.05,
  /** Kept for standbys in any case. */
  kept: 0.02,
  /** Kept for a standby that is away; beyond it the standby is copied anew. */
  slots: 0.2,
  /** Waiting for the archive; beyond it log is dropped, with an error, and the next base backup begins anew. */
  archive: 0.5,
} as const;

type PooledSettings = Pick<PatroniSettings, "maxConnections" | "pooler">;

/**
 * Poolers at the height of a rolling update: each that is told to end serves its transactions to their end, and the next one is replaced
 * meanwhile. Likewise after a node was lost: the primary keeps connections of the dead until it has found them out.
 */
const poolersAtOnce = (replicas: number) => 2 * replicas;

/** Lookups of roles, and the plugin daemon's question whether its database is there: a limit of pgbouncerConfig.ts. */
export const administrative = 2;

/** Connections that clients open when all of them are busy. */
export function connectionsOf(clients: readonly DatabaseClient[]): number {
  return clients.reduce((sum, { processes, poolSize, overflow }) => sum + processes * (poolSize + overflow), 0);
}

/** Adds up what clients, poolers and the primary need of each other. */
export function connectionBudget(settings: PooledSettings, clients: readonly DatabaseClient[]): ConnectionBudget {
  const { replicas, pools } = settings.pooler;
  const fromPoolers = poolersAtOnce(replicas) * (pools.dify + pools.plugin + administrative);
  const kept = Object.values(reserved).reduce((sum, n) => sum + n, 0);
  return {
    // The administrator must still get in, and probes, a coordinated backup, and a client whose old connection is not yet gone.
    clientsPerPooler: Math.ceil(connectionsOf(clients) * 1.1) + 20,
    fromPoolers,
    reserved: kept,
    spare: settings.maxConnections - kept - fromPoolers,
  };
}

/** Postgres' shares of its container's memory, in MiB. */
export interface MemoryPlan {
  readonly sharedBuffers: number;
  readonly effectiveCacheSize: number;
  readonly maintenanceWorkMem: number;
  /** Of one sort or hash; a query may use several. */
  readonly workMem: number;
  /** What all connections together need at rest. */
  readonly connections: number;
  /** What is left for Patroni, the archiver and the page cache; negative means that it does not add up. */
  readonly spare: number;
}

const mebibyte = 2 ** 20;

/** Of one connection at rest, with the catalogue of Dify's 134 tables in its cache: 4-6 MiB seen. */
const perConnection = 5;

/** Patroni's process and an archiver that compresses. */
const companions = 160;

export function memoryPlan(settings: Pick<PatroniSettings, "resources" | "maxConnections">): MemoryPlan {
  const memory = toBytes(settings.resources.memory) / mebibyte;
  const sharedBuffers = Math.floor(memory / 4);
  const maintenanceWorkMem = Math.max(16, Math.min(1024, Math.floor(memory / 16)));
  const connections = settings.maxConnections * perConnection;
  const spare = memory - sharedBuffers - maintenanceWorkMem - connections - companions;
  return {
    sharedBuffers,
    effectiveCacheSize: Math.floor((memory * 3) / 5),
    maintenanceWorkMem,
    // Half of what is left, if a quarter of all connections sorts at the same time.
    workMem: Math.max(4, Math.min(64, Math.floor(spare / 2 / Math.max(1, settings.maxConnections / 4)))),
    connections,
    spare,
  };
}

/** Memory of one client of PgBouncer with TLS: buffers of its connection and of OpenSSL. */
const perClient = 0.05;

/** MiB that a pooler needs when it is the only one left. */
export function poolerMemory({ clientsPerPooler }: ConnectionBudget): number {
  return Math.ceil(32 + clientsPerPooler * perClient);
}
