import { Failure } from "../../local/failure.ts";
import type { OpenCatalogue } from "../catalogue/open.ts";
import { answerOf } from "../catalogue/places/place.ts";
import { readCatalogue, type Entry } from "../catalogue/read.ts";
import type { BackupRecord } from "../catalogue/record.ts";
import { retentionPlan, type Retention } from "../catalogue/retention.ts";
import { checksOf, lacksMajority } from "../catalogue/verify.ts";
import { shown } from "./shown.ts";
import { problemsOf } from "./verify.ts";

export interface PruneOptions extends Retention {
  readonly json: boolean;
  readonly dryRun?: true;
}

/** A record that stays although somebody wanted it gone, and why. */
interface Left {
  readonly id: string;
  readonly place: string;
  readonly problem: string;
}

/**
 * `backups prune`: takes old records out of every place. The backups themselves go by their own retention. Nothing goes as long as no backup
 * was found whole, and no record whose copies disagree: somebody must look at it first.
 */
export async function prune({ places, backups }: OpenCatalogue, options: PruneOptions): Promise<boolean> {
  const { entries } = await shown("Ask every place for its records", (progress) => readCatalogue(places, progress));
  const records = entries.flatMap((entry) => (entry.record && !lacksMajority(entry) ? [entry.record] : []));
  const whole = await shown("Look for the newest backup that is whole", (progress) =>
    newestWhole(records, async (record) => {
      progress(record.id);
      return (await problemsOf(checksOf(record, backups))).length === 0;
    }),
  );
  if (!whole && records.length > 0)
    throw new Failure(
      `None of ${records.length} backups is whole, so no record was removed: "verify ID" says what each lacks.`,
    );
  const { expired } = retentionPlan(records, options, new Date(), (record) => record === whole);
  const left = options.dryRun ? [] : await removeFrom(places, expired);
  report(entries, expired, left, options);
  return left.length === 0;
}

/** The newest that is whole; asks for no older one than it must. */
async function newestWhole(
  newestFirst: readonly BackupRecord[],
  isWhole: (record: BackupRecord) => Promise<boolean>,
): Promise<BackupRecord | undefined> {
  for (const record of newestFirst) if (await isWhole(record)) return record;
  return undefined;
}

/** Oldest first. A place that fails keeps its copy, for the next run. */
async function removeFrom(places: OpenCatalogue["places"], expired: readonly BackupRecord[]): Promise<Left[]> {
  const left: Left[] = [];
  for (const { id } of expired)
    for (const answer of await Promise.all(places.map((place) => answerOf(place, () => place.remove(id)))))
      if (answer.unreachable !== undefined) left.push({ id, place: answer.place, problem: answer.unreachable });
  return left;
}

function report(
  entries: readonly Entry[],
  expired: readonly BackupRecord[],
  left: readonly Left[],
  { json, dryRun, days, atLeast }: PruneOptions,
): void {
  const ids = expired.map(({ id }) => id);
  const doubtful = entries.filter((entry) => !entry.record || lacksMajority(entry)).map(({ id }) => id);
  if (json) {
    console.log(JSON.stringify({ expired: ids, doubtful, left }, undefined, 2));
    return;
  }
  const kept = `${entries.length - ids.length} stay (younger than ${days} days, the newest ${atLeast}, and the newest that is whole)`;
  console.log(`${ids.length} records ${dryRun ? "would be" : "were"} removed, ${kept}.`);
  for (const id of ids) console.log(`  ${id}`);
  for (const id of doubtful)
    console.log(`${id} stays: its copies disagree. "show ${id} --json" prints what each says.`);
  for (const { id, place, problem } of left) console.log(`${id} is still in the ${place}: ${problem}. Run this again.`);
}
