import { Failure, type Progress } from "../../local/failure.ts";
import { majority, type Copy, type Verdict } from "./copies.ts";
import { answerOf, type Place } from "./places/place.ts";
import { isRecordId } from "./record.ts";

/** Records that are voted on at once. */
const atOnce = 8;

/** A record as its places have it. */
export interface Entry extends Verdict {
  readonly id: string;
}

/** A place that cannot be asked, and why. */
export interface Silent {
  readonly place: string;
  readonly reason: string;
}

/** What all places together hold. */
export interface Catalogue {
  /** Newest first. */
  readonly entries: readonly Entry[];
  /** Places that cannot be asked at all. */
  readonly silent: readonly Silent[];
}

/**
 * Reads every record that any place has.
 * @throws Failure when no place can be asked.
 */
export async function readCatalogue(
  places: readonly Place[],
  progress: Progress = () => undefined,
): Promise<Catalogue> {
  const { ids, silent } = await listIds(places);
  const entries: Entry[] = [];
  for (let i = 0; i < ids.length; i += atOnce) {
    progress(`${i} of ${ids.length} records`);
    entries.push(...(await Promise.all(ids.slice(i, i + atOnce).map((id) => voteOn(places, id, silent)))));
  }
  return { entries, silent };
}

/**
 * Reads one record: by its identifier, or the newest by "latest".
 * @throws Failure when there is none.
 */
export async function readRecord(places: readonly Place[], wanted: string): Promise<Entry> {
  if (wanted !== "latest" && !isRecordId(wanted))
    throw new Failure(
      `"${wanted}" is no identifier of a backup, such as 20261122T020000Z-3f9c: list shows those there are, and latest is the newest.`,
    );
  const { ids, silent } = await listIds(places);
  const doubt = silent.map((each) => ` ${sentenceOf(each)}.`).join("");
  const [newest] = ids;
  if (newest === undefined) throw new Failure(`The catalogue is empty: no backup has left a record yet.${doubt}`);
  const id = wanted === "latest" ? newest : wanted;
  if (!ids.includes(id)) throw new Failure(`No place has a record ${id}: list shows those there are.${doubt}`);
  return voteOn(places, id, silent);
}

const sentenceOf = ({ place, reason }: Silent): string => `The ${place} cannot be asked: ${reason}`;

/** Identifiers in any place, newest first: they begin with the time. */
async function listIds(places: readonly Place[]): Promise<{ ids: string[]; silent: Silent[] }> {
  const answers = await Promise.all(places.map((place) => answerOf(place, () => place.list())));
  const silent = answers.flatMap(({ place, unreachable }) =>
    unreachable === undefined ? [] : [{ place, reason: unreachable }],
  );
  if (silent.length === places.length)
    throw new Failure(
      ["No place of the catalogue can be asked:", ...silent.map(({ place, reason }) => `  ${place}: ${reason}`)].join(
        "\n",
      ),
    );
  return { ids: [...new Set(answers.flatMap(({ value }) => value ?? []))].sort().reverse(), silent };
}

async function voteOn(places: readonly Place[], id: string, silent: readonly Silent[]): Promise<Entry> {
  const copies = await Promise.all(
    places.map(async (place): Promise<Copy> => {
      // Who did not answer before would only be waited for again.
      const known = silent.find((each) => each.place === place.name);
      if (known) return { place: place.name, unreachable: known.reason };
      const { value: text, unreachable } = await answerOf(place, () => place.read(id));
      return { place: place.name, text, unreachable };
    }),
  );
  return { id, ...majority(copies) };
}
