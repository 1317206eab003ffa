import { messageOf, type Progress } from "../../local/failure.ts";
import type { Bucket } from "../objectStore/bucket.ts";
import { majorityOf } from "./places/place.ts";
import type { Entry } from "./read.ts";
import { fullOf, type BackupRecord } from "./record.ts";

/** Something that would make a restore fail, or already weakens the catalogue. */
export interface Problem {
  readonly what: string;
  readonly where: string;
  /** What to do. */
  readonly remedy: string;
}

/** One thing to look at. */
export interface Check {
  readonly title: string;
  /** @param progress Told how far it is, in a few words. */
  readonly run: (progress: Progress) => Promise<Problem[]>;
}

/** Where the backups lie that records name. */
export interface BackupStore {
  readonly bucket: Bucket;
  /** Folder of Postgres' backups; undefined where Postgres is run elsewhere. */
  readonly postgresBackups: string | undefined;
}

/** Places that do not say what the record says. */
export function copyProblems({ id, outvoted }: Entry): Problem[] {
  return outvoted.map(({ place, problem }) => ({
    what: problem,
    where: place,
    remedy: problem.startsWith("cannot be asked")
      ? "see to it that it answers"
      : `write the record there again: npm run backups -- mend ${id}`,
  }));
}

/** Whether fewer places than a majority say what is believed. */
export const lacksMajority = ({ places, outvoted }: Entry): boolean =>
  places.length < majorityOf(places.length + outvoted.length);

/** Everything that a restore to a record's instant would read, looked at one by one. */
export function checksOf(record: BackupRecord, { bucket, postgresBackups }: BackupStore): Check[] {
  const where = `backup bucket ${bucket.name}`;
  const mend = `bring back its version of ${record.completed}, which is locked until its retention ends`;
  const object = (
    title: string,
    key: string,
    expected: { readonly bytes?: number; readonly checksum: string },
  ): Check => ({
    title,
    run: async (progress) => {
      const found = await bucket.digest(
        key,
        everyStep(64, (mebibytes) => progress(`${key}: ${mebibytes} MiB read`)),
      );
      if (!found) return [{ what: `${key} is not there`, where, remedy: mend }];
      if (expected.bytes !== undefined && found.bytes !== expected.bytes)
        return [{ what: `${key} has ${found.bytes} bytes in place of ${expected.bytes}`, where, remedy: mend }];
      if (found.sha256 === expected.checksum) return [];
      return [{ what: `${key} was changed: its SHA-256 is not the record's`, where, remedy: mend }];
    },
  });
  const postgres = (folder: string, label: string): Check => ({
    title: `Backup ${label} of Postgres`,
    run: async () => {
      if ((await bucket.keys(`${folder}/${label}/`, 1)).length > 0) return [];
      const remedy = "restore from another record, and raise postgres.archive.retentionDays if it expired";
      return [{ what: `there is no backup ${label} in ${folder}`, where, remedy }];
    },
  });
  // The bucket that is looked at has the first repository.
  const [backup = ""] = record.postgres.backups;
  const labels = [...new Set([fullOf(backup), backup])];
  const checks = [
    ...record.buckets.map(({ bucket: of, manifest, checksum }) =>
      object(`Manifest of bucket ${of}`, manifest, { checksum }),
    ),
    ...(record.redis ? [object("Data of Redis", record.redis.object, record.redis)] : []),
    ...(postgresBackups === undefined ? [] : labels.map((label) => postgres(postgresBackups, label))),
  ];
  return checks.map((check) => answered(check, where));
}

/** Tells of bytes that were read whenever so many MiB more are complete. */
function everyStep(step: number, tell: (mebibytes: number) => void): (bytes: number) => void {
  let told = 0;
  return (bytes) => {
    const complete = Math.floor(bytes / 2 ** 20 / step) * step;
    if (complete > told) tell((told = complete));
  };
}

/** A question without an answer is a problem of its own, and no reason to leave the others unasked. */
const answered = (check: Check, where: string): Check => ({
  ...check,
  run: async (progress) => {
    try {
      return await check.run(progress);
    } catch (error) {
      const what = `${check.title} could not be looked at: ${messageOf(error)}`;
      return [{ what, where, remedy: "see to it that the bucket answers, and verify again" }];
    }
  },
});
