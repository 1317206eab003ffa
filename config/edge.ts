import { z } from "zod";
import { placement } from "./placement.ts";
import { cron } from "./schedule.ts";
import { image, resources } from "./units.ts";

const label = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, "must be at most 32 lower-case letters, digits and hyphens");

/** What a line carries. */
export const kibibytes = z.number().int().min(0).max(10_000_000);

/** A place whose files lie in volumes of its own. */
const site = z.strictObject({
  /** Names its job (edge-NAME), its bucket and its user. */
  name: label,
  /** Claims in the namespace of the data, which the job reads. */
  claims: z.array(label).min(1),
  /** Copies of what has changed. */
  schedule: cron.default("5 * * * *"),
  /** KiB a second that the job sends at most; 0 is no limit. */
  upload: kibibytes.default(0),
  /** KiB a second that it receives at most; 0 is no limit. */
  download: kibibytes.default(0),
  /** Patterns of what is left out, as restic takes them: "*.tmp". */
  excludes: z
    .array(
      z
        .string()
        .min(1)
        .regex(/^[^\n]*$/, "must be one line"),
    )
    .default([]),
  /** User and group that may read the files. */
  user: z.number().int().min(1).max(65535).default(1000),
  /** Where the job runs: where the volumes are. */
  nodes: placement,
  /** Hours after which a run has failed. What it has sent by then, the next one need not send again. */
  deadline: z.number().int().min(1).max(72).default(24),
  resources: resources("100m", "512Mi"),
});

/** Image with restic and a shell. */
export const resticImage = image.default("restic/restic:0.18.0");

/** Edge sites: each has a repository of restic in a bucket of its own, to which the site can only add. */
export const edgeSettings = z
  .strictObject({
    /** Image with restic and a shell. */
    image: resticImage,
    /** The places. */
    sites: z
      .array(site)
      .refine((sites) => new Set(sites.map(({ name }) => name)).size === sites.length, "must have different names")
      .default([]),
    /** When snapshots that are too old go, and a share of what is left is read through: in the centre, as sites cannot delete. */
    keep: cron.default("40 2 * * *"),
    /** Days for which every snapshot is kept, counted from a site's newest. */
    keepDays: z.number().int().min(1).max(3650).default(30),
    /** Runs in which all of a repository is read through. */
    checkRuns: z.number().int().min(1).max(365).default(30),
    /** Hours after which such a run has failed. */
    deadline: z.number().int().min(1).max(72).default(6),
    resources: resources("100m", "512Mi"),
  })
  .prefault({});

export type EdgeSettings = z.infer<typeof edgeSettings>;
export type EdgeSiteSettings = EdgeSettings["sites"][number];
