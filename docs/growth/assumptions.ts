/** What was measured here, and on what: two cores that ran all servers and clients, docs/restore.md and `make bench`. */
export const measured = {
  /** A full base backup from a standby into a locked bucket over TLS, two processes: 1.45 GB in 6.2 s (bench/backup.ts). In MB/s. */
  fullBackup: 1450 / 6.2,
  /** An incremental one that read all of the data, as the first after a failover does: 1.45 GB in 3.7 s (bench/backup.ts). In MB/s. */
  incrementalBackup: 1450 / 3.7,
  /** What a full base backup stores of each byte: 188 MB of 1.45 GB, pgbench's and checksums' rows (bench/backup.ts). */
  stored: 188 / 1450,
  /** The same of an incremental one after every 20th row has changed: 41 MB. Taken for all incremental ones of a day together. */
  storedIncremental: 41 / 1450,
  /** pg_dump | gzip: 1.45 GB in 24.1 s (bench/backup.ts). In MB/s. */
  dump: 1450 / 24.1,
  /** What it stores of each byte: 143 MB. */
  dumped: 143 / 1450,
  /** A base backup fetched from the second site, two processes: 1.45 GB in 3.5 s (bench/restore.ts). In MB/s. */
  fetch: 1450 / 3.5,
  /** Members beside the one that was restored, copied from it: two of 1.45 GB in 7.8 s (bench/restore.ts). In MB/s each. */
  copyMembers: 1450 / 7.8,
  /** The rest of a restore, whatever its size: of 40.6 s all but fetching, reading the log, and copying to others (bench/restore.ts). In s. */
  restoreRest: 40.6 - 3.5 - 9.5 - 7.8,
  /** pg_restore of a dump with two processes: 1.45 GB in 41.9 s (bench/restore.ts). In MB/s. */
  pgRestore: 1450 / 41.9,
  /** Log read again from a folder of the same machine, which was busy with other work: 50 MB in 2.34 s, the best of four rounds (bench/replay.ts). In MB/s. */
  replay: 50 / 2.34,
} as const;

/** What nobody has measured for your stack: an option of the command each. */
export interface Assumptions {
  readonly transactionMs: number;
  readonly taskSeconds: number;
  readonly taskKiB: number;
  readonly logMB: number;
  readonly stored: number;
  readonly replay: number;
  readonly volumeMB: number;
  readonly volumeIops: number;
  readonly networkGbit: number;
  readonly uplinkGbit: number;
  readonly distanceKm: number;
  readonly meshRequests: number;
}

/** One of them: the option, what it is when nothing is said, and where that comes from. */
export interface Assumption {
  readonly option: string;
  readonly value: number;
  readonly meaning: string;
  readonly source: string;
}

/** Megabytes of 10^6, gigabits of 10^9, as makers of networks count. */
export const assumptions: Readonly<Record<keyof Assumptions, Assumption>> = {
  transactionMs: {
    option: "transaction-ms",
    value: 10,
    meaning: "Milliseconds for which a transaction keeps a connection of the pool",
    source: "assumed; yours is `avg_xact_time` of PgBouncer's `SHOW STATS`",
  },
  taskSeconds: {
    option: "task-seconds",
    value: 30,
    meaning: "Seconds that a worker's task takes",
    source: "assumed; a call of a model is most of it",
  },
  taskKiB: {
    option: "task-kib",
    value: 4,
    meaning: "KiB of Redis' memory that a waiting task takes",
    source: "assumed; yours is `MEMORY USAGE` of the queue's key by its `LLEN`",
  },
  logMB: {
    option: "log-mb",
    value: 0.1,
    meaning: "MB of log that are written a second, in the mean of a day, where a table does not say it",
    source: "assumed; yours is what `pg_current_wal_lsn()` grows by",
  },
  stored: {
    option: "stored",
    value: Number(measured.stored.toFixed(2)),
    meaning: "Bytes that a base backup stores of each byte of data",
    source:
      "measured of pgbench's rows (`bench/backup.ts`); yours is in `pgbackrest info`, and texts and vectors are denser",
  },
  replay: {
    option: "replay-mb",
    value: Number(measured.replay.toFixed(0)),
    meaning: "MB of log that Postgres reads again a second",
    source:
      "measured (`bench/replay.ts`), the best of four rounds (9 to 21) on a machine busy with other work; it is 49 for each second of a processor",
  },
  volumeMB: {
    option: "volume-mb",
    value: 131,
    meaning: "MB/s of a volume, reading or writing",
    source:
      "assumed: what every gp3 volume of EBS has, 125 MiB/s (docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html)",
  },
  volumeIops: {
    option: "volume-iops",
    value: 3000,
    meaning: "Operations a second of a volume",
    source: "assumed: the same page's",
  },
  networkGbit: {
    option: "network-gbit",
    value: 10,
    meaning: "Gbit/s between nodes, and to the object store",
    source: "assumed; of the node's kind, and of the switch",
  },
  uplinkGbit: {
    option: "uplink-gbit",
    value: 1,
    meaning: "Gbit/s to the second site, each way",
    source: "assumed; of your provider",
  },
  distanceKm: {
    option: "distance-km",
    value: 1100,
    meaning: "Kilometres to another region",
    source:
      "assumed: Frankfurt to Dublin as the crow flies. Light in glass goes 200 000 km a second, so the way and back is no quicker than 11 ms",
  },
  meshRequests: {
    option: "mesh-requests",
    value: 1000,
    meaning: "Requests a second through each proxy of a mesh",
    source:
      "the load of Istio's own figures, 0.20 vCPU and 60 MB a proxy, 1.24 (istio.io/latest/docs/ops/deployment/performance-and-scalability)",
  },
};

/** The values of all of them, unless others are given. */
export function assumed(given: Partial<Assumptions> = {}): Assumptions {
  const values = Object.entries(assumptions).map(([name, { value }]) => [name, value]);
  return { ...(Object.fromEntries(values) as unknown as Assumptions), ...given };
}

/** Of a mesh's proxy at 1000 requests a second (assumptions.meshRequests). */
export const meshProxy = { cores: 0.2, megabytes: 60 } as const;

/** Kilometres that light goes in glass in a millisecond. */
export const lightInGlass = 200;
