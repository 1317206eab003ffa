import { plainTable } from "../../local/table.ts";
import type { OpenCatalogue } from "../catalogue/open.ts";
import { readCatalogue, type Catalogue, type Entry } from "../catalogue/read.ts";
import { age, bytesInWords } from "./format.ts";
import { shown } from "./shown.ts";

/** `backups list`: a line a backup. */
export async function list({ places }: OpenCatalogue, { json }: { readonly json: boolean }): Promise<boolean> {
  const catalogue = await shown("Ask every place for its records", (progress) => readCatalogue(places, progress));
  console.log(json ? JSON.stringify(catalogue, undefined, 2) : catalogueText(catalogue, new Date()));
  return true;
}

/** The catalogue as a person sees it: a table, and below it what is wrong with copies. */
export function catalogueText({ entries, silent }: Catalogue, now: Date): string {
  const table =
    entries.length === 0
      ? "The catalogue is empty: no backup has left a record yet."
      : plainTable(
          ["id", "instant", "age", "pause", "Dify", "backup of Postgres", "objects", "copies"],
          entries.map((entry) => row(entry, now)),
        );
  const quiet = new Set(silent.map(({ place }) => place));
  const notes = [
    ...silent.map(({ place, reason }) => `The ${place} cannot be asked: ${reason}`),
    ...entries.flatMap(({ id, outvoted }) =>
      outvoted.filter(({ place }) => !quiet.has(place)).map(({ place, problem }) => `${id}: the ${place} ${problem}`),
    ),
  ];
  return [table, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

function row({ id, record, places, outvoted }: Entry, now: Date): string[] {
  const copies = `${places.length}/${places.length + outvoted.length}`;
  if (!record) return [id, "not to be believed", "", "", "", "", "", copies];
  const { instant, pause, difyVersion, postgres, buckets } = record;
  const bytes = buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);
  return [
    id,
    instant,
    age(instant, now),
    `${pause} s`,
    difyVersion,
    postgres.backups[0] ?? "",
    bytesInWords(bytes),
    copies,
  ];
}
