import { z } from "zod";
import { bytes, image, resources } from "./units.ts";

/** Redis servers of our own with a Sentinel beside each. Durations are in seconds. */
const sentinelBackend = z.strictObject({
  /** Whose servers: `sentinel` runs them here, `external` uses one that is run elsewhere. */
  backend: z.literal("sentinel").default("sentinel"),
  /** Servers, each with a Sentinel beside it. Odd, so that a majority survives a zone. */
  members: z
    .number()
    .int()
    .min(3)
    .max(7)
    .refine((n) => n % 2 === 1, "must be odd, so that a majority survives a zone")
    .default(3),
  /** Servers and Sentinels run from it: Debian's or Alpine's layout, `redis-server`, `redis-sentinel` and `redis-cli` on PATH. */
  image: image.default("redis:8.0.2"),
  /** User and group of the image that own the data. */
  user: z.number().int().min(1).max(65535).default(999),
  /** Seconds that a master may be silent before Sentinels count it as down. Lower, a pause of the node would look like a death. */
  downAfter: z.number().min(4).max(60).default(4),
  /**
   * Seconds that a replica may lie behind and still count when a write is accepted: bounds what a cut-off master can lose. At least 2 less
   * than downAfter, so that it accepts none any more when another is chosen.
   */
  maxLag: z.number().int().min(2).max(60).default(2),
  /** Data that a server may hold. Full means refused writes, never lost tasks: nothing is evicted, as it is Celery's broker. */
  maxMemory: bytes.default("1Gi"),
  /** Of each server. Saving and synchronizing copy what changes meanwhile: well above maxMemory. */
  resources: resources("250m", "2Gi"),
  /** Of each Sentinel. */
  sentinelResources: resources("50m", "64Mi"),
  /** Volume of each server: the append-only file and a snapshot, each twice while it is rewritten. */
  storage: bytes.default("10Gi"),
  /** The proxies that follow the master, one on each node: clients use these alone. */
  proxy: z
    .strictObject({
      /** Image of HAProxy. */
      image: image.default("haproxy:3.0.11"),
      resources: resources("50m", "128Mi"),
      /** Connections that the proxy of one node carries at most. Dify holds up to 15 an API replica and 30 a worker. */
      maxConnections: z.number().int().min(100).max(60_000).default(4000),
    })
    .prefault({}),
});

/** A server that somebody else keeps highly available. Its password is the secret `redisPassword`. */
const externalBackend = z.strictObject({
  backend: z.literal("external"),
  /** Name or address that always leads to the master. @example "master.redis.example.com" */
  host: z.string().min(1),
  /** Port of the master. */
  port: z.number().int().min(1).max(65535).default(6379),
  /** Connect with TLS, by a certificate that a public authority signed. */
  tls: z.boolean().default(false),
});

/** Redis: Celery's broker, Dify's cache and event bus. Servers of our own unless another backend is named. */
export const redisSettings = z.discriminatedUnion("backend", [sentinelBackend, externalBackend]).prefault({});

export type RedisSettings = z.infer<typeof redisSettings>;
export type RedisSentinelSettings = z.infer<typeof sentinelBackend>;
export type ExternalRedisSettings = z.infer<typeof externalBackend>;
