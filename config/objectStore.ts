import { z } from "zod";
import { bytes, hostname, image, resources } from "./units.ts";

/** Name of a bucket by the rules of S3. */
const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, "must be 3 to 63 lower-case letters, digits and hyphens");

/** Servers of our own, spread over the zones: MinIO, or its fork Silo, which keeps MinIO's variables and disk format. */
const minioBackend = z.strictObject({
  /** Whose servers: `minio` runs them here, `s3` uses buckets that exist elsewhere. */
  backend: z.literal("minio").default("minio"),
  /**
   * Servers, the same number in each zone. With the drives they decide what survives: components/objectStore/layout.ts.
   * Fixed once there is data: MinIO grows by further pools of servers, not by more servers in one.
   */
  servers: z.number().int().min(3).max(32).default(6),
  /** Volumes of each server. Fixed once there is data. */
  drives: z.number().int().min(1).max(8).default(2),
  /** Size of each volume. */
  driveSize: bytes.default("100Gi"),
  /** Drives of an erasure set that may be lost: raise it to survive more, for less space. MinIO's own choice when left out. */
  parity: z.number().int().min(1).max(8).optional(),
  /** Serves with its entrypoint's "server", and has `mc` and a shell for the bootstrap. */
  image: image.default("pgsty/silo:RELEASE.2026-09-03T13-18-01Z"),
  /** User and group that own the data; any will do. */
  user: z.number().int().min(1).max(65535).default(1000),
  /** Of each server. MinIO keeps 1 MiB a drive for each request that is under way. */
  resources: resources("500m", "2Gi"),
  /**
   * Seconds without an acknowledgement after which a connection is given up. A lost host holds requests up for about twice as long: 7 and 12 s
   * measured at 5, 39 s with MinIO's own ten minutes. A client that stops reading for longer is cut off, too.
   */
  deadPeer: z.number().int().min(1).max(600).default(5),
  /** The proxies, one on each node, by which clients reach servers that answer. */
  proxy: z
    .strictObject({
      /** Image of HAProxy. */
      image: image.default("haproxy:3.0.11"),
      resources: resources("50m", "128Mi"),
      /** Connections that the proxy of one node carries at most. */
      maxConnections: z.number().int().min(100).max(20_000).default(1000),
    })
    .prefault({}),
  /** Let Prometheus read metrics without a token; network policies say who reaches the port. */
  openMetrics: z.boolean().default(true),
  /** Names of the buckets that are made. */
  buckets: z
    .strictObject({
      /** Dify's files and the keys of its tenants. */
      dify: bucketName.default("dify-files"),
      /** Plugin packages and what plugins store. */
      plugins: bucketName.default("dify-plugins"),
      /** All backups. */
      backups: bucketName.default("dify-backups"),
      /** Records of the coordinated backups. */
      catalogue: bucketName.default("dify-catalogue"),
    })
    .prefault({}),
  /** How long backups are locked, and what was overwritten or deleted is kept, in days. */
  retention: z
    .strictObject({
      /** Days for which nobody, not even the administrator, can delete or change a backup. It can be raised, never lowered. */
      backupDays: z.number().int().min(1).max(3650).default(30),
      /** The same for the records of backups. */
      catalogueDays: z.number().int().min(1).max(3650).default(90),
      /** Days for which overwritten and deleted files of Dify and of plugins can be brought back. */
      noncurrentDays: z.number().int().min(1).max(3650).default(30),
    })
    .prefault({}),
});

/** A bucket that exists, and the access key of the one user that may use it. */
export const s3Bucket = z.strictObject({
  bucket: bucketName,
  /** Identifier of the access key; its secret half is a secret. */
  accessKey: z.string().min(3),
});

/**
 * S3 or what speaks its protocol. Buckets and users must exist already, with locks on backups and catalogue: nothing is made there.
 * Secret keys are the secrets difyObjectsKey, pluginObjectsKey, backupObjectsKey and catalogueObjectsKey.
 */
const s3Backend = z.strictObject({
  backend: z.literal("s3"),
  /** Region that requests are signed for. */
  region: z.string().regex(/^[a-z0-9-]+$/, 'must be a region such as "eu-central-1"'),
  /** Host that serves HTTPS on port 443, by a certificate that a public authority signed. AWS's of the region when left out. */
  endpoint: hostname.optional(),
  /** Buckets as a path of the URL, or as its host. */
  addressing: z.enum(["virtual", "path"]).default("virtual"),
  /** Dify's files and the keys of its tenants (secrets:difyObjectsKey). */
  dify: s3Bucket,
  /** Plugin packages and what plugins store (secrets:pluginObjectsKey). */
  plugins: s3Bucket,
  /** All backups (secrets:backupObjectsKey). */
  backups: s3Bucket,
  /** Records of the coordinated backups (secrets:catalogueObjectsKey). */
  catalogue: s3Bucket,
});

/** Where files and backups lie. Servers of our own unless another backend is named. */
export const objectStoreSettings = z.discriminatedUnion("backend", [minioBackend, s3Backend]).prefault({});

export type ObjectStoreSettings = z.infer<typeof objectStoreSettings>;
export type MinioSettings = z.infer<typeof minioBackend>;
export type S3Settings = z.infer<typeof s3Backend>;
