import { z } from "zod";
import { s3Bucket } from "./objectStore.ts";

/** No second site: what this one has is lost with it. */
const none = z.strictObject({
  /** Where: `none`, `s3` for buckets that exist elsewhere, `aws` to have them made on AWS. */
  backend: z.literal("none").default("none"),
});

/**
 * Buckets of whatever speaks S3 at another site, such as another MinIO. They and their users must exist already, versioned and locked, the users
 * without the right to delete versions. Secret keys are the secrets offsiteBackupsKey and offsiteCatalogueKey.
 */
const s3 = z.strictObject({
  backend: z.literal("s3"),
  /** Where it answers: HTTPS only, and no path. */
  endpoint: z
    .string()
    .regex(/^https:\/\/[a-z0-9.-]+(:\d+)?$/, 'must be a URL such as "https://backups.example.com:9000"'),
  /** Region that requests are signed for. */
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'must be a region such as "eu-central-1"')
    .default("us-east-1"),
  /** Buckets as a path of the URL, or as its host. */
  addressing: z.enum(["virtual", "path"]).default("path"),
  /** PEM of the authority that signed its certificate; left out when a public one did. */
  caCertificate: z.string().startsWith("-----BEGIN CERTIFICATE-----").optional(),
  /** All backups (secrets:offsiteBackupsKey). */
  backups: s3Bucket,
  /** Records of the coordinated backups (secrets:offsiteCatalogueKey). */
  catalogue: s3Bucket,
});

/** Regions of China and of the US government are partitions of their own, with other names for everything. */
const awsRegion = z
  .string()
  .regex(/^(?!cn-)[a-z]{2}-[a-z]+-\d$/, 'must be a region such as "eu-central-1", outside China and GovCloud');

/** Shorter than S3 allows: what is derived from it (components/offsite/aws/names.ts) is longer by eight. */
const awsBucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,53}[a-z0-9]$/, "must be 3 to 55 lower-case letters, digits and hyphens");

/**
 * Buckets, keys and users that are made on AWS, in two regions. Credentials for making them are taken from where the AWS provider looks for them
 * (AWS_PROFILE and so on), and not needed by anything that runs.
 */
const aws = z.strictObject({
  backend: z.literal("aws"),
  /** Number of the account. The provider refuses credentials of another. */
  account: z.string().regex(/^\d{12}$/, "must be the twelve digits of an account"),
  /** With `aws` it must be given: where the buckets are that backups are written to. */
  region: awsRegion,
  /** Another one, to which every object is copied within 15 minutes. */
  replicaRegion: awsRegion,
  /** Names of buckets, which must be free in all of AWS. The replica of NAME is called `NAME-replica`. */
  buckets: z.strictObject({
    /** All backups. */
    backups: awsBucketName,
    /** Records of the coordinated backups. */
    catalogue: awsBucketName,
  }),
  /** How long nobody, not even the account's owner, can delete or change what was written, in days; then how long deleted versions stay. */
  lock: z
    .strictObject({
      /** Of backups. More than postgres.archive.retentionDays: what may still be asked for is still locked. */
      backupDays: z.number().int().min(1).max(3650).default(35),
      /** Of the records of backups, and of the trail. */
      catalogueDays: z.number().int().min(1).max(3650).default(90),
    })
    .prefault({}),
  /** Days between the order to delete a key and its end, during which it can be taken back. Without its key no object can be read. */
  keyDeletionDays: z.number().int().min(7).max(30).default(30),
  /** Keep a trail (CloudTrail) of every request to the buckets' objects, in a locked bucket of its own, `NAME-trail`. AWS charges each request. */
  dataEvents: z.boolean().default(false),
});

/** The second site, where everything goes that must outlive the first. */
export const offsiteSettings = z.discriminatedUnion("backend", [none, s3, aws]).prefault({});

export type OffsiteSettings = z.infer<typeof offsiteSettings>;
export type S3OffsiteSettings = z.infer<typeof s3>;
export type AwsOffsiteSettings = z.infer<typeof aws>;
