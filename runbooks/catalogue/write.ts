import { z } from "zod";
import { Failure } from "../../local/failure.ts";
import type { Dissent } from "./copies.ts";
import { answerOf, majorityOf, type Place } from "./places/place.ts";
import { recordSchema, type BackupRecord } from "./record.ts";

export interface Written {
  /** Places that have it. */
  readonly places: readonly string[];
  /** Those that have not. */
  readonly failed: readonly Dissent[];
}

/**
 * Writes a record to all places. The same record may be written again, to bring it where it is missing.
 * @throws Failure when it is none, and nothing was written; or when fewer than a majority of the places have it.
 */
export async function writeRecord(places: readonly Place[], record: BackupRecord): Promise<Written> {
  const checked = recordSchema.safeParse(record);
  if (!checked.success) throw new Failure(`This is no record of a backup: ${z.prettifyError(checked.error)}`);
  const { id } = checked.data;
  const text = `${JSON.stringify(checked.data, undefined, 2)}\n`;
  const answers = await Promise.all(places.map((place) => answerOf(place, () => place.write(id, text))));
  const failed = answers.flatMap(({ place, unreachable }) =>
    unreachable === undefined ? [] : [{ place, problem: unreachable }],
  );
  const written = answers.filter(({ unreachable }) => unreachable === undefined).map(({ place }) => place);
  const needed = majorityOf(places.length);
  if (written.length < needed)
    throw new Failure(
      [
        `Record ${id} lies in ${written.length} of ${places.length} places, but ${needed} must have it; write it again when they answer:`,
        ...failed.map(({ place, problem }) => `  ${place}: ${problem}`),
      ].join("\n"),
    );
  return { places: written, failed };
}
