import { z } from "zod";
import { edgeSettings, kibibytes, resticImage } from "./edge.ts";
import { labelKey, labelValue } from "./placement.ts";
import { etcdImage } from "./postgres.ts";
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

/** What carries files to the second site as they are written, if there is one. There they lie beside the scheduled copies. */
const follow = z
  .strictObject({
    /** Seconds that the second site may be behind: what the loss of the site may cost of files. */
    behind: z.number().int().min(20).max(86_400).default(60),
    /** Seconds between two listings of all objects, which find what no event told of. Of large buckets less often: most of the time none is listed. */
    list: z.number().int().min(5).max(3600).default(30),
    /** Seconds after which what was deleted is deleted there too, by a marker: what a row still names at the instant of a loss is there. */
    grace: z.number().int().min(300).max(604_800).default(900),
    /** Image with Python. */
    image: image.default("python:3.13.1-alpine3.21"),
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
    follow,
  })
  .prefault({});

/** Vectors in Qdrant. Those in pgvector are part of Postgres' backups. */
const vectors = z
  .strictObject({
    /** Snapshots of each collection. */
    take: cron.default("20 4 * * *"),
    /** Days for which they are kept. */
    keepDays: z.number().int().min(1).max(3650).default(14),
    /** Hours after which a run has failed. */
    deadline: z.number().int().min(1).max(72).default(6),
    /** Room for the snapshots of all members, as a volume that goes with the job. */
    scratch: bytes.default("50Gi"),
    /** Image with Python. */
    image: image.default("python:3.13.1-alpine3.21"),
    resources: resources("100m", "128Mi"),
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

/** The etcd behind the cluster's API servers, where you run it yourself; left alone when left out. */
const clusterEtcd = z
  .strictObject({
    /** URLs of its members, such as "https://10.0.0.11:2379". Each has a job of its own: one that is away costs no snapshot. */
    endpoints: z
      .array(
        z.string().regex(/^https:\/\/[\w.:[\]-]+:\d+$/, 'must be a URL with a port such as "https://10.0.0.11:2379"'),
      )
      .min(1),
    /** Secret of the data namespace with ca.crt, tls.crt and tls.key: its authority, and a client's certificate with its key. */
    secret: z.string().min(1),
    /** Image with etcdctl and etcdutl. */
    image: etcdImage,
    /** Snapshots. */
    snapshot: cron.default("40 */6 * * *"),
    /** Days for which they are kept. */
    keepDays: z.number().int().min(1).max(3650).default(14),
    /** Room for one snapshot, as a volume that goes with the job. etcd's own limit is 8 GiB at most. */
    scratch: bytes.default("10Gi"),
    resources: resources("100m", "256Mi"),
  })
  .optional();

/** Copies of the newest snapshots at the second site, if there is one: files, in a repository of restic. */
const volumeCopies = z
  .strictObject({
    /** Copies of each volume, one after the other. */
    schedule: cron.default("40 6 * * 0"),
    /** Days for which every copy is kept, counted from a volume's newest. */
    keepDays: z.number().int().min(7).max(3650).default(35),
    /** Runs in which all of the repository is read through. */
    checkRuns: z.number().int().min(1).max(365).default(13),
    /** KiB a second that are sent at most; 0 is no limit. */
    upload: kibibytes.default(0),
    /** Minutes in which the driver must have made a volume from a snapshot, and mounted it. */
    start: z.number().int().min(1).max(1440).default(30),
    /** Hours after which a run has failed. What it has sent by then, the next one need not send again. */
    deadline: z.number().int().min(1).max(144).default(24),
    /** Image with restic and a shell. */
    image: resticImage,
    resources: resources("100m", "512Mi"),
  })
  .prefault({});

/** Snapshots of volumes, made by the driver that has them: each is whole as after a loss of power, and fits no other. They stay with the driver's storage; `copies` leave it. */
const snapshots = z
  .strictObject({
    /** Driver: Amazon EBS, TopoLVM (thin volumes), ZFS of OpenEBS. The cluster must have it, the snapshot controller, and its custom resources. */
    class: z.enum(["none", "ebs", "topolvm", "zfs"]).default("none"),
    /** Labels of the claims whose volumes are meant. */
    selector: z.record(labelKey, labelValue).default({ "app.kubernetes.io/part-of": "dify-ha" }),
    /** A snapshot of each. */
    schedule: cron.default("20 3 * * *"),
    /** Days for which they are kept. */
    keepDays: z.number().int().min(1).max(3650).default(7),
    /** Most of one volume that are kept, however young. */
    keep: z.number().int().min(1).max(1000).default(14),
    /** Hours after which a run has failed. A first snapshot of a large volume takes long. */
    deadline: z.number().int().min(1).max(72).default(6),
    /** Image with Python; that of Postgres when left out. */
    image: image.optional(),
    resources: resources("50m", "64Mi"),
    copies: volumeCopies,
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

/** A command that Velero runs in pods when it backs them up. It knows no shell: give "sh", "-c" where one is needed. */
const hook = z.strictObject({
  /** What it is called in logs. */
  name: z.string().regex(/^[a-z0-9-]{1,63}$/, "must be lower-case letters, digits and hyphens"),
  /** Before the pod is backed up, or after. */
  when: z.enum(["before", "after"]),
  /** Namespace by what runs there. */
  area: z.enum(["app", "data", "sandbox"]),
  /** Workload whose pods run it, each of them: label app.kubernetes.io/name. */
  workload: z.string().min(1),
  container: z.string().min(1),
  command: z.array(z.string()).min(1),
  /** Seconds after which it has failed. */
  timeout: z.number().int().min(1).max(3600).default(30),
  /** What its failure means for the backup. */
  onError: z.enum(["Continue", "Fail"]).default("Fail"),
});

/** Velero: the cluster's objects, Secrets among them. It installs kinds of its own for the whole cluster, so it is off unless it is asked for. */
const velero = z
  .strictObject({
    /** Run it. Who deploys the stack must then be allowed to give rights in the whole cluster. */
    enabled: z.boolean().default(false),
    /** Image of the server, which has the kinds of its API with it. */
    server: image.default("velero/velero:v1.18.1"),
    /** Image with its plugin for S3. */
    plugin: image.default("velero/velero-plugin-for-aws:v1.14.3"),
    /** Backups into the cluster's object store. */
    daily: cron.default("20 2 * * *"),
    /** Days for which they are kept: longer than the bucket locks them. */
    dailyDays: z.number().int().min(1).max(3650).default(35),
    /** Backups off site; into the cluster's object store if there is no second site. */
    weekly: cron.default("20 5 * * 0"),
    /** Days for which they are kept: longer than the bucket locks them. */
    weeklyDays: z.number().int().min(7).max(3650).default(90),
    /** Commands in pods that are backed up. With any, the server may run commands in every pod of the stack. */
    hooks: z.array(hook).default([]),
    /** Let the server write what it backs up: to be turned on for the time of a restore. */
    restores: z.boolean().default(false),
    resources: resources("100m", "256Mi"),
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
    vectors,
    etcd,
    clusterEtcd,
    snapshots,
    secrets,
    coordinated,
    edge: edgeSettings,
    velero,
  })
  .prefault({});

export type BackupSettings = z.infer<typeof backupSettings>;
export type ClusterEtcdSettings = NonNullable<BackupSettings["clusterEtcd"]>;
