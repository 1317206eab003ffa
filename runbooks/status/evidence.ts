import { isRecordId } from "../catalogue/record.ts";
import type { Bucket } from "../objectStore/bucket.ts";
import type { DataSetName } from "./dataSets.ts";

/** A bucket, as far as it is looked at here. */
export type Listing = Pick<Bucket, "keys" | "objects" | "folders" | "lockedUntil">;

/** What a site has: its buckets, and where things lie in them. */
export interface Store {
  readonly backups: Listing;
  readonly catalogue: Listing;
  /** Buckets of edge sites; those of the second site have none. */
  readonly edges: readonly Listing[];
  /** Folder of pgBackRest's backups. */
  readonly postgresBackups: string | undefined;
  /** Names of the buckets that are copied. */
  readonly copied: readonly string[];
}

/** The newest of a data set that a site could give back. */
export interface Found {
  readonly instant: Date;
  /** Object whose lock stands for all of it. */
  readonly object: { readonly bucket: Listing; readonly key: string };
}

type Reader = (store: Store) => Promise<Found | undefined>;

/** Looks for the newest of each data set; undefined when there is none. Only what is whole counts. */
export const evidence: Readonly<Record<DataSetName, Reader>> = {
  postgres: async (store) => ((await newestBase(store)) ? newestLog(store) : undefined),
  base: newestBase,
  dump: newestUpload("dumps/"),
  objects: copiesOfBuckets,
  followed: newestMark,
  redis: newestUpload("redis/", "coordinated/"),
  secrets: newestUpload("secrets/"),
  coordinated: newestRecord,
  etcd: newestUpload("etcd/"),
  clusterEtcd: async (store) => {
    const members = await store.backups.folders("cluster-etcd/");
    return newestUpload(...members.map((member) => `cluster-etcd/${member}/`))(store);
  },
  vectors: newestUpload("vectors/"),
  // Which volume it is of stands in it, encrypted: a volume that has none fails the job.
  volumes: ({ backups }) => newestSnapshot(backups, "volumes/"),
  edge: async ({ edges }) => oldest(await Promise.all(edges.map((edge) => newestSnapshot(edge)))),
  velero: newestOfVelero,
};

const at = (instant: Date, bucket: Listing, key: string): Found => ({ instant, object: { bucket, key } });

/** The instant in a name such as "20261122T040000Z-3f9c". */
function instantOf(name: string): Date | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)/.exec(name) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  return year ? new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) : undefined;
}

const byInstant = (a: Found, b: Found) => a.instant.getTime() - b.instant.getTime();

/** What all of several have: nothing when one has nothing. */
function oldest(found: readonly (Found | undefined)[]): Found | undefined {
  return found.includes(undefined) ? undefined : (found as readonly Found[]).toSorted(byInstant)[0];
}

/** The newest of several that has what its last file says of it: uploads get it last, so that what has it is whole. */
async function newestWhole(bucket: Listing, folder: string, names: readonly string[], last: string) {
  for (const name of names.toReversed()) {
    const key = `${folder}${name}/${last}`;
    const [object] = await bucket.objects(key, 1);
    if (object?.key === key) return { name, key, written: object.written };
  }
  return undefined;
}

/** Folders of scripts/backup/upload.sh, called by their instant. */
function newestUpload(...folders: readonly string[]): Reader {
  return async ({ backups }) => {
    const found: Found[] = [];
    for (const folder of folders) {
      const names = (await backups.folders(folder)).filter(instantOf);
      const whole = await newestWhole(backups, folder, names, "SHA256SUMS.bin");
      if (whole) found.push(at(instantOf(whole.name) as Date, backups, whole.key));
    }
    return found.toSorted(byInstant).at(-1);
  };
}

/** Label of a backup of pgBackRest: the instant of its start comes last. */
const label = /^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?$/;

async function newestBase({ backups, postgresBackups = "" }: Store): Promise<Found | undefined> {
  const started = (name: string) => name.split("_").at(-1) as string;
  const labels = (await backups.folders(`${postgresBackups}/`)).filter((name) => label.test(name));
  const sorted = labels.toSorted((a, b) => (started(a) < started(b) ? -1 : 1));
  const whole = await newestWhole(backups, `${postgresBackups}/`, sorted, "backup.manifest");
  return whole && at(whole.written, backups, whole.key);
}

/** The last segment of the log that has arrived: what was written before that is in it, or in one before it. */
async function newestLog({ backups, postgresBackups = "" }: Store): Promise<Found | undefined> {
  const archive = `${postgresBackups.replace("/backup/", "/archive/")}/`;
  const clusters = await backups.folders(archive);
  const newest = clusters.toSorted((a, b) => Number(a.split("-").at(-1)) - Number(b.split("-").at(-1))).at(-1);
  if (newest === undefined) return undefined;
  // Called by timeline and place in the log: later ones sort last.
  for (const part of (await backups.folders(`${archive}${newest}/`)).toReversed()) {
    const files = await backups.objects(`${archive}${newest}/${part}/`);
    const last = files.findLast(({ key }) => /\/[0-9A-F]{24}-[0-9a-f]{40}[^/]*$/.test(key));
    if (last) return at(last.written, backups, last.key);
  }
  return undefined;
}

/** A manifest is put there when the copy of its bucket is complete; its name says when the copying began. */
async function copiesOfBuckets({ backups, copied }: Store): Promise<Found | undefined> {
  const newest = async (name: string) => {
    const folder = `objects/manifests/${name}/`;
    const key = (await backups.keys(folder)).findLast((each) => instantOf(each.slice(folder.length)));
    return key === undefined ? undefined : at(instantOf(key.slice(folder.length)) as Date, backups, key);
  };
  return oldest(await Promise.all(copied.map(newest)));
}

/** Each is called by the instant until which all that was acknowledged is there. */
async function newestMark({ backups }: Store): Promise<Found | undefined> {
  const folder = "followed/marks/";
  const day = (await backups.folders(folder)).at(-1);
  const key = day && (await backups.keys(`${folder}${day}/`)).at(-1);
  const instant = key && instantOf(key.slice(`${folder}${day}/`.length));
  return key && instant ? at(instant, backups, key) : undefined;
}

async function newestRecord({ catalogue }: Store): Promise<Found | undefined> {
  const folder = "records/";
  const idOf = (key: string) => key.slice(folder.length).replace(/\.json$/, "");
  const key = (await catalogue.keys(folder)).findLast((each) => isRecordId(idOf(each)));
  return key === undefined ? undefined : at(instantOf(idOf(key)) as Date, catalogue, key);
}

/** A snapshot of restic is an object that is put there when all it names is there. */
async function newestSnapshot(bucket: Listing, repository = ""): Promise<Found | undefined> {
  const snapshots = await bucket.objects(`${repository}snapshots/`);
  const newest = snapshots.toSorted((a, b) => a.written.getTime() - b.written.getTime()).at(-1);
  return newest && at(newest.written, bucket, newest.key);
}

/** Velero calls scheduled backups SCHEDULE-YYYYMMDDhhmmss, and puts their description there last. */
async function newestOfVelero({ backups }: Store): Promise<Found | undefined> {
  const started = (name: string) => /-(\d{14})$/.exec(name)?.[1] ?? "";
  const names = (await backups.folders("velero/backups/")).filter(started);
  const sorted = names.toSorted((a, b) => (started(a) < started(b) ? -1 : 1));
  const whole = await newestWhole(backups, "velero/backups/", sorted, "velero-backup.json");
  return whole && at(instantOf(started(whole.name)) as Date, backups, whole.key);
}
