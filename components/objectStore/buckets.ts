import type { MinioSettings } from "../../config/objectStore.ts";
import type { SecretName } from "../../config/secrets.ts";

/** What a bucket is for; each has one user of its own. */
export type BucketRole = "dify" | "plugins" | "backups" | "catalogue";

/** A bucket as it is asked for: read by the bootstrap, and by the policies that hold backups to their rules. */
export interface DeclaredBucket {
  readonly name: string;
  readonly purpose: "backup" | "application";
  readonly versioned: boolean;
  /** Until when nobody can delete or change a version. Only possible from the bucket's creation on. */
  readonly lock?: { readonly mode: "COMPLIANCE"; readonly days: number };
  /** Name of the key that objects are encrypted with at rest. */
  readonly encryption: string;
  /** Days after which a version that was overwritten or deleted goes for good. */
  readonly noncurrentDays: number;
  /** The one user that may use it; the access key of that user, and the name of its policy. */
  readonly user: string;
  /** Names of buckets that this user may read besides, with their versions: what it makes backups of. */
  readonly reads: readonly string[];
  /** Names of buckets that this user may use besides as its own: what others can only add to. */
  readonly keeps?: readonly string[] | undefined;
  /** Its user can add, and delete nothing but its own notes (locks of restic). */
  readonly appendOnly?: true;
}

/** Name of the key in MinIO's key management. */
export const encryptionKey = "dify-ha";

/** Secret key of each bucket's user. */
export const userSecrets: Readonly<Record<BucketRole, SecretName>> = {
  dify: "difyObjectsKey",
  plugins: "pluginObjectsKey",
  backups: "backupObjectsKey",
  catalogue: "catalogueObjectsKey",
};

/**
 * Days for which a backup that was deleted can be brought back: as long as the lock again. The lock counts from the writing of a version, so whoever
 * deletes on its last day would otherwise be rid of it the day after.
 */
export function noncurrentDays(lockDays: number): number {
  return lockDays;
}

/**
 * The buckets of a stack.
 * @param edges Names of its edge sites.
 */
export function declaredBuckets(
  { buckets, retention }: Pick<MinioSettings, "buckets" | "retention">,
  edges: readonly string[] = [],
): Readonly<Record<BucketRole, DeclaredBucket>> {
  const application = (name: string, user: BucketRole): DeclaredBucket => ({
    name,
    purpose: "application",
    versioned: true,
    encryption: encryptionKey,
    noncurrentDays: retention.noncurrentDays,
    user,
    reads: [],
  });
  const backup = (name: string, user: BucketRole, days: number, reads: readonly string[]): DeclaredBucket => ({
    name,
    purpose: "backup",
    versioned: true,
    lock: { mode: "COMPLIANCE", days },
    encryption: encryptionKey,
    noncurrentDays: noncurrentDays(days),
    user,
    reads,
  });
  return {
    dify: application(buckets.dify, "dify"),
    plugins: application(buckets.plugins, "plugins"),
    backups: {
      ...backup(buckets.backups, "backups", retention.backupDays, [buckets.dify, buckets.plugins]),
      keeps: edges.length > 0 ? edges.map(edgeBucketName) : undefined,
    },
    catalogue: backup(buckets.catalogue, "catalogue", retention.catalogueDays, []),
  };
}

/** The bucket of an edge site. Its user has the same name. */
export function edgeBucketName(site: string): string {
  return `edge-${site}`;
}

/** The buckets of edge sites. */
export function edgeBuckets(sites: readonly string[], { backupDays }: MinioSettings["retention"]): DeclaredBucket[] {
  return sites.map((site) => ({
    name: edgeBucketName(site),
    purpose: "backup",
    versioned: true,
    lock: { mode: "COMPLIANCE", days: backupDays },
    encryption: encryptionKey,
    noncurrentDays: noncurrentDays(backupDays),
    user: edgeBucketName(site),
    reads: [],
    appendOnly: true,
  }));
}

/** Lifecycle of a bucket as S3 takes it. */
export function lifecycle({ noncurrentDays }: DeclaredBucket): object {
  return {
    Rules: [
      {
        ID: "noncurrent-versions",
        Status: "Enabled",
        Filter: { Prefix: "" },
        NoncurrentVersionExpiration: { NoncurrentDays: noncurrentDays },
        // The marker of a deletion goes with the last version that it hides.
        Expiration: { ExpiredObjectDeleteMarker: true },
      },
    ],
  };
}

/** The buckets as the bootstrap reads them: a line each, with the words name, user, lock mode, lock days, key. "-" is none. */
export function bucketLines(buckets: readonly DeclaredBucket[]): string {
  return buckets
    .map(({ name, user, lock, encryption }) => [name, user, lock?.mode ?? "-", lock?.days ?? "-", encryption].join(" "))
    .map((line) => `${line}\n`)
    .join("");
}
