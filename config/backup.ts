import { z } from "zod";
import { cron, timeZone } from "./schedule.ts";
import { bytes, image, resources } from "./units.ts";

/** PostgreSQL. Base backups into one repository never run at the same time. How long they are kept: postgres.archive.retentionDays. */
const postgres = z
  .strictObject({
    /** Full base backups into the cluster's object store. */
    full: cron.default("0 2 * * *"),
    /** What has changed since the last base backup there. */
    incremental: cron.default("30 * * * *"),
    /** Is the log whole in every repository, does it arrive, can all of it be read? */
    check: cron.default("15 * * * *"),
    /** Full base backups off site, if there is a second site. The log goes there all the time. */
    offsiteFull: cron.default("45 3 * * 0"),
    /** What has changed since the last base backup there. */
    offsiteIncremental: cron.default("45 3 * * 1-6"),
    /** Both databases and the roles as other versions of PostgreSQL read them. */
    dump: cron.default("0 5 * * 0"),
    /** Days for which dumps are kept. */
    dumpDays: z.number().int().min(7).max(3650).default(35),
    /** Room for one dump, as a volume that goes with the job. */
    scratch: bytes.default("50Gi"),
    /** Hours after which a run has failed. */
    deadline: z.number().int().min(1).max(72).default(6),
    resources: resources("500m", "512Mi"),
  })
  .prefault({});

/** Redis: a snapshot from a replica. */
const redis = z
  .strictObject({
    /** Snapshots, checked before they are uploaded. */
    rdb: cron.default("0 */6 * * *"),
    /** Days for which they are kept. */
    keepDays: z.number().int().min(1).max(3650).default(14),
    /** Minutes after which a run has failed. */
    deadline: z.number().int().min(5).max(1440).default(60),
    resources: resources("100m", "256Mi"),
  })
  .prefault({});

/** Files of Dify and of plugins: copies in the bucket of backups at each site. */
const objects = z
  .strictObject({
    /** Copies of what has changed. Between two of them the buckets' own versions are what there is. */
    copy: cron.default("20 1 * * *"),
    /** Bandwidth to another site as rclone takes it: "20M" is 20 MiB a second, "off" is no limit. */
    bandwidth: z
      .string()
      .regex(/^(off|\d+(\.\d+)?[KMG])$/, 'must be bytes a second such as "20M", or "off"')
      .default("off"),
    /** Hours after which a run has failed. */
    deadline: z.number().int().min(1).max(72).default(12),
    resources: resources("200m", "512Mi"),
  })
  .prefault({});

/** Patroni's etcd. */
const etcd = z
  .strictObject({
    /** Snapshots. */
    snapshot: cron.default("10 */6 * * *"),
    /** Days for which they are kept. */
    keepDays: z.number().int().min(1).max(3650).default(14),
  })
  .prefault({});

/** What a restore needs beside the backups: keys and pass phrases, in a bundle that `recoveryPassphrase` opens. */
const secrets = z
  .strictObject({
    /** Bundles. */
    bundle: cron.default("50 1 * * *"),
    /** Days for which they are kept. */
    keepDays: z.number().int().min(1).max(3650).default(90),
  })
  .prefault({});

/** One instant of everything: writers are held back for a moment while it is marked. */
const coordinated = z
  .strictObject({
    /** Coordinated backups. Each leaves a record in the catalogue, to which the whole can be put back. */
    take: cron.default("0 4 * * *"),
    /** Hours after which a run has failed. */
    deadline: z.number().int().min(1).max(72).default(6),
    resources: resources("200m", "256Mi"),
  })
  .prefault({});

/** When everything is backed up, and with what. */
export const backupSettings = z
  .strictObject({
    /** Zone that all schedules mean. */
    timeZone: timeZone.default("Etc/UTC"),
    /** Image with rclone and a shell, which carries what is no base backup to the object stores. */
    image: image.default("rclone/rclone:1.71.2"),
    postgres,
    redis,
    objects,
    etcd,
    secrets,
    coordinated,
  })
  .prefault({});

export type BackupSettings = z.infer<typeof backupSettings>;
