import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in hexadecimal");
const instant = z.iso.datetime({ offset: true });
const count = z.number().int().min(0);

const recordId = /^\d{8}T\d{6}Z-[0-9a-f]{4}$/;

/** Label of a backup of pgBackRest: a full one ("20261122-020000F"), or one that needs it ("20261122-020000F_20261122-030000I"). */
const backupLabel = z.string().regex(/^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?$/, 'must be a label such as "20261122-020000F"');

const postgres = z.strictObject({
  /** Name under which Postgres' log holds the instant: recovery_target_name. */
  restorePoint: z.string().min(1).max(63),
  /** Timeline on which it lies. */
  timeline: z.number().int().min(1),
  /** Place in the log, such as "0/A0001C8". */
  lsn: z.string().regex(/^[0-9A-F]+\/[0-9A-F]+$/, 'must be a place in the log such as "0/A0001C8"'),
  /** Identifies the cluster: a repository of another one is of no use. */
  systemIdentifier: z.string().regex(/^\d+$/, "must be the number that Postgres gives its cluster"),
  /** Newest backup before the instant in each repository, the cluster's own first; the log from there to the restore point does the rest. */
  backups: z.array(backupLabel).min(1),
  /** Head of Alembic's migrations in Dify's database; null before the first. */
  alembicHead: z.string().min(1).nullable(),
});

const bucket = z.strictObject({
  /** Its name. */
  bucket: z.string().min(1),
  /** Objects of the bucket as it was at the instant of the record. */
  count,
  /** Of all of them together. */
  bytes: count,
  /** Of the sorted listing, a line an object: key and bytes, with a tab between. */
  checksum: sha256,
  /** Key of that listing in the backup bucket at each site. When it was put there, the bucket's copy beside it was as of the instant. */
  manifest: z.string().min(1),
});

const redis = z.strictObject({
  /** Key of the encrypted RDB file in the backup bucket. */
  object: z.string().min(1),
  /** Of that object at the cluster's own site; encrypted, it has another checksum at another site. */
  bytes: count,
  /** Of that object at the cluster's own site. */
  checksum: sha256,
});

/** What one coordinated backup leaves: all that a restore needs to know to put the whole back to one instant. */
export const recordSchema = z.strictObject({
  /** Of this form. */
  version: z.literal(1),
  /** When it began, which sorts, and what sets it apart: "20261122T020000Z-3f9c". */
  id: z.string().regex(recordId, 'must be an identifier such as "20261122T020000Z-3f9c"'),
  /** Stack that it was taken of. */
  stack: z.string().min(1),
  /** Instant to which buckets, databases and Redis belong. Writers waited then. */
  instant,
  /** When everything was packed, uploaded and verified. */
  completed: instant,
  /** How long writers waited, in seconds. */
  pause: z.number().min(0),
  /** Version of Dify, such as "1.15.0". */
  difyVersion: z.string().min(1),
  /** Dify's databases, as of the instant. */
  postgres,
  /** Buckets, as of the instant. */
  buckets: z.array(bucket),
  /** Redis, as of the instant; null where it is run elsewhere. */
  redis: redis.nullable(),
  /** Rows at the instant, by database and table ("public.tenants"); without tables that could not be counted in time. Older records lack it. */
  rows: z.record(z.string().min(1), z.record(z.string().min(1), count)).optional(),
  /** SHA-256 of each secret without which something cannot be read, by name. Never the secret. */
  fingerprints: z.record(z.string().min(1), sha256),
});

export type BackupRecord = z.infer<typeof recordSchema>;

export const isRecordId = (text: string): boolean => recordId.test(text);

/** Full backup that a label needs: itself, or the start of its chain. */
export function fullOf(label: string): string {
  return label.split("_")[0] as string;
}
