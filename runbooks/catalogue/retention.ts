import { fullOf, type BackupRecord } from "./record.ts";

/** How long records, and the backups that they name, are kept. */
export interface Retention {
  /** Whatever is younger stays. */
  readonly days: number;
  /** So many of the newest stay, whatever their age. */
  readonly atLeast: number;
}

export interface RetentionPlan {
  /** Oldest first: the order in which they go. */
  readonly expired: readonly BackupRecord[];
  readonly kept: readonly BackupRecord[];
  /** Full backups that a kept record needs: none of them may be expired, nor any log after it. */
  readonly neededFulls: ReadonlySet<string>;
}

const day = 24 * 60 * 60 * 1000;

/**
 * Which records may go. The newest that is good always stays: `good` says whether a record was found whole by its last verification.
 * @throws RangeError when nothing would have to stay.
 */
export function retentionPlan(
  records: readonly BackupRecord[],
  { days, atLeast }: Retention,
  now: Date,
  good: (record: BackupRecord) => boolean,
): RetentionPlan {
  if (atLeast < 1 || days < 1)
    throw new RangeError(`Retention of ${days} days and at least ${atLeast} records: give at least one of each.`);
  const oldestFirst = records.toSorted((a, b) => Date.parse(a.instant) - Date.parse(b.instant));
  const newestGood = oldestFirst.findLast(good);
  const newest = new Set(oldestFirst.slice(-atLeast));
  const stays = (record: BackupRecord) =>
    record === newestGood || newest.has(record) || now.getTime() - Date.parse(record.instant) < days * day;
  const kept = oldestFirst.filter(stays);
  return {
    expired: oldestFirst.filter((record) => !stays(record)),
    kept,
    neededFulls: new Set(kept.flatMap(({ postgres }) => postgres.backups.map(fullOf))),
  };
}
