import { Failure } from "../../local/failure.ts";
import type { OpenCatalogue } from "../catalogue/open.ts";
import { readRecord } from "../catalogue/read.ts";
import { lacksMajority } from "../catalogue/verify.ts";
import { writeRecord } from "../catalogue/write.ts";
import { shown } from "./shown.ts";

interface MendOptions {
  readonly json: boolean;
  readonly dryRun?: true;
}

/** `backups mend`: writes a record that most places agree on wherever it is missing or damaged. */
export function mend(id: string) {
  return async ({ places }: OpenCatalogue, { json, dryRun }: MendOptions): Promise<boolean> => {
    const entry = await shown("Ask every place for its copy", () => readRecord(places, id));
    const { record, outvoted } = entry;
    if (!record || lacksMajority(entry))
      throw new Failure(
        `Fewer than a majority of the places agree on ${entry.id}, so none was written over: "show ${entry.id} --json" prints what each says.`,
      );
    const wrong = places.filter(({ name }) => outvoted.some(({ place }) => place === name));
    if (wrong.length > 0 && !dryRun) await writeRecord(wrong, record);
    const names = wrong.map(({ name }) => name);
    const done =
      names.length === 0 ? "every place has it" : `${dryRun ? "would be " : ""}written to: ${names.join(", ")}`;
    console.log(json ? JSON.stringify({ id: entry.id, written: names }, undefined, 2) : `Record ${entry.id}: ${done}.`);
    return true;
  };
}
