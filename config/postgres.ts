import { z } from "zod";
import { bytes, image, resources } from "./units.ts";

const seconds = (minimum: number, maximum: number) => z.number().min(minimum).max(maximum);
const wholeSeconds = (minimum: number, maximum: number) => z.number().int().min(minimum).max(maximum);

/** A name that needs no quotes in SQL. */
const identifier = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a lower-case SQL name such as "dify"');

/** How soon a failure is noticed, in seconds. What follows from it: components/postgres/timing.ts. */
const timing = z
  .strictObject({
    /** Seconds by which the leader's lock outlives its last renewal. Patroni's floor is 20. */
    ttl: wholeSeconds(20, 300).default(20),
    /** Pause between two rounds of Patroni's loop. Short: a crash is seen in the next round, and a free lock at the latest. */
    loopWait: wholeSeconds(1, 60).default(1),
    /** How long etcd and Postgres may fail before the leader gives up. Patroni's floor is 3. */
    retryTimeout: wholeSeconds(3, 60).default(3),
    /** How long a crashed Postgres may take to come back in place before a standby takes over; 0 fails over at once. */
    primaryStartTimeout: wholeSeconds(0, 600).default(0),
    /** Let the members replace a leader whose host is gone, long before the ttl ends: docs/failover.md. Needs synchronous commits. */
    voter: z.boolean().default(true),
    /** How long the leader must be unreachable for a vote. Below 2 a pause of the network looks like a death. */
    unreachable: seconds(1, 20).default(2),
  })
  .prefault({});

/** Image with etcd, etcdctl and etcdutl. */
export const etcdImage = image.default("gcr.io/etcd-development/etcd:v3.6.5");

/** Store of the leader's lock, for Patroni alone. */
const etcd = z
  .strictObject({
    /** Odd, so that a majority survives the loss of a zone. Fixed once the cluster stands: growing it is a task for a runbook. */
    members: z
      .number()
      .int()
      .min(3)
      .max(5)
      .refine((n) => n % 2 === 1, "must be odd")
      .default(3),
    /** Image of etcd. */
    image: etcdImage,
    /** Volume of each member. Patroni writes a few megabytes an hour, and old revisions are compacted. */
    storage: bytes.default("2Gi"),
    resources: resources("100m", "256Mi"),
  })
  .prefault({});

/** HAProxy on every node (cluster.clientNodes): leads clients to the poolers, and poolers to the primary, whom Patroni's REST API names. */
const proxy = z
  .strictObject({
    /** Image of HAProxy. */
    image: image.default("haproxy:3.0.11"),
    resources: resources("100m", "128Mi"),
    /** Health checks, in seconds. */
    check: z
      .strictObject({
        /** Pause between checks of a healthy member by each node's proxy; half of it while the member's state is in doubt. */
        interval: seconds(0.2, 10).default(1),
        /** How long a member that accepts the connection may take to answer. */
        timeout: seconds(0.5, 10).default(3),
        /** Failures in a row after which traffic leaves a member. */
        failures: z.number().int().min(1).max(10).default(3),
        /** Passed checks in a row after which it comes back. */
        passes: z.number().int().min(1).max(10).default(1),
      })
      .prefault({}),
  })
  .prefault({});

/** PgBouncer behind HAProxy and before it: many connections of clients share a few to the primary. */
const pooler = z
  .strictObject({
    /** Poolers. At least 2, so that one can be lost. */
    replicas: z.number().int().min(2).max(10).default(2),
    /** Image of PgBouncer. */
    image: image.default("edoburu/pgbouncer:v1.24.1-p1"),
    /** User and group of the image's account. */
    user: z.number().int().min(1).max(65535).default(70),
    resources: resources("250m", "256Mi"),
    /** Connections of each pooler to the primary, for each database. */
    pools: z
      .strictObject({
        /** To the database of the Dify API. */
        dify: z.number().int().min(1).max(1000).default(32),
        /** To the database of the plugin daemon. */
        plugin: z.number().int().min(1).max(1000).default(12),
      })
      .prefault({}),
    /** Statements that each connection keeps prepared; 0 turns them off. */
    preparedStatements: z.number().int().min(0).max(10_000).default(200),
    /** How long a pooler that is told to stop still serves, until no Service leads to it any more. In seconds. */
    drain: wholeSeconds(1, 60).default(5),
    /** Longest time for which a coordinated backup may hold writers back; one that would take longer is given up. In seconds. */
    pauseLimit: wholeSeconds(1, 7).default(5),
  })
  .prefault({});

/** Repository of base backups and of the write-ahead log (pgBackRest). */
const archive = z
  .strictObject({
    /**
     * A segment is closed after this many seconds even when it is not full. What is left of a minute is for its way to the second site: the loss
     * of a whole site costs a minute at most.
     */
    timeout: wholeSeconds(10, 300).default(50),
    /** Days for which any instant can be restored. */
    retentionDays: z.number().int().min(1).max(3650).default(30),
    /** Processes that compress and upload at the same time. */
    processes: z.number().int().min(1).max(64).default(2),
  })
  .prefault({});

/** A cluster of our own: Patroni with etcd, HAProxy and PgBouncer. */
const patroni = z.strictObject({
  /** Whose servers: `patroni` runs them here, `external` uses one that is run elsewhere. */
  backend: z.literal("patroni").default("patroni"),
  /** One a zone; the primary and its standbys. */
  members: z.number().int().min(3).max(7).default(3),
  /** Has Patroni 4, pgBackRest, Python 3 and the extension vector on board, in Debian's layout. Its entry point is not used. */
  image: image.default("timescale/timescaledb-ha:pg17.11-ts2.30.1"),
  /** User and group that own the data. Cannot change once there are data. */
  user: z.number().int().min(1).max(65535).default(1000),
  /** Programs of one major version inside the image. */
  binDir: z.string().startsWith("/").default("/usr/lib/postgresql/17/bin"),
  /** Volume of each member: data, and write-ahead log that a standby or the archive still needs. */
  storage: bytes.default("50Gi"),
  /** Of each member; memory decides the size of Postgres' caches. */
  resources: resources("1", "4Gi"),
  /**
   * Who must have a commit before it is acknowledged: any of the standbys ("quorum"), named ones ("on"), or nobody ("off": a
   * failover then loses acknowledged writes).
   */
  synchronous: z.enum(["quorum", "on", "off"]).default("quorum"),
  /** How many standbys that are. */
  synchronousStandbys: z.number().int().min(1).max(6).default(1),
  /** Refuse to commit while no standby is left, in place of going on alone. */
  strict: z.boolean().default(false),
  /** Connections that the primary accepts; what needs them is added up in components/postgres/sizing.ts. */
  maxConnections: z.number().int().min(20).max(5000).default(200),
  timing,
  archive,
  etcd,
  proxy,
  pooler,
});

const databaseOf = (name: string) =>
  z
    .strictObject({
      /** Name of the database. */
      database: identifier.default(name),
      /** Role that owns it. */
      user: identifier.default(name),
    })
    .prefault({});

/** A server that is run elsewhere. Its databases have the extensions uuid-ossp and vector; roles' passwords come from `secrets`. */
const external = z.strictObject({
  backend: z.literal("external"),
  /** Name or address that always leads to the primary. */
  host: z.string().min(1),
  /** Port of the primary. */
  port: z.number().int().min(1).max(65535).default(5432),
  /** Database of the Dify API and the role that owns it (password: secrets:difyDatabasePassword). */
  dify: databaseOf("dify"),
  /** Database of the plugin daemon and the role that owns it (password: secrets:pluginDatabasePassword). */
  plugin: databaseOf("dify_plugin"),
  /** PEM of the authority that signed the server's certificate; left out when a public one did. */
  caCertificate: z.string().startsWith("-----BEGIN CERTIFICATE-----").optional(),
  /** A pooler that gives out connections for single transactions stands before the server. */
  pooled: z.boolean().default(false),
});

/** PostgreSQL: databases of the Dify API and of the plugin daemon. */
export const postgresSettings = z.discriminatedUnion("backend", [patroni, external]).prefault({});

export type PostgresSettings = z.infer<typeof postgresSettings>;
export type PatroniSettings = z.infer<typeof patroni>;
export type ExternalPostgresSettings = z.infer<typeof external>;
