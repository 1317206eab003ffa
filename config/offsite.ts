import { z } from "zod";
import { s3Bucket } from "./objectStore.ts";

/** No second site: what this one has is lost with it. */
const none = z.strictObject({ backend: z.literal("none").default("none") });

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

/** The second site, where everything goes that must outlive the first. */
export const offsiteSettings = z.discriminatedUnion("backend", [none, s3]).prefault({});

export type OffsiteSettings = z.infer<typeof offsiteSettings>;
export type S3OffsiteSettings = z.infer<typeof s3>;
