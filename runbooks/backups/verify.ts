import { runSteps } from "../../local/steps.ts";
import type { OpenCatalogue } from "../catalogue/open.ts";
import { readRecord, type Entry } from "../catalogue/read.ts";
import { checksOf, copyProblems, lacksMajority, type Check, type Problem } from "../catalogue/verify.ts";

/** `backups verify`: whether all is there that a record's restore would need. */
export function verify(id: string) {
  return async ({ places, backups }: OpenCatalogue, { json }: { readonly json: boolean }): Promise<boolean> => {
    const entry = await readRecord(places, id);
    const checks = entry.record ? checksOf(entry.record, backups) : [];
    const missing = await (json ? problemsOf(checks) : runVisibly(checks));
    const problems = [...copyProblems(entry), ...missing];
    console.log(json ? JSON.stringify({ ...entry, problems }, undefined, 2) : verdictText(entry, problems));
    return missing.length === 0 && !lacksMajority(entry);
  };
}

/** What the checks find, without a word. */
export async function problemsOf(checks: readonly Check[]): Promise<Problem[]> {
  const found: Problem[] = [];
  for (const check of checks) found.push(...(await check.run(() => undefined)));
  return found;
}

async function runVisibly(checks: readonly Check[]): Promise<Problem[]> {
  const found: Problem[] = [];
  await runSteps(
    checks.map(({ title, run }) => ({ title, run: async (progress) => void found.push(...(await run(progress))) })),
  );
  return found;
}

/** What was found: a line for each problem, with what, where and what to do. */
export function verdictText(entry: Entry, problems: readonly Problem[]): string {
  const { id, record, places, outvoted } = entry;
  const all = places.length + outvoted.length;
  const verdict = !record
    ? "no copy of its record can be believed"
    : `${places.length} of ${all} places agree on its record (${places.join(", ")})${lacksMajority(entry) ? ": no majority" : ""}`;
  const found = problems.map(({ what, where, remedy }) => `  ${where}: ${what}; ${remedy}`);
  return [`Backup ${id}: ${verdict}.`, ...(found.length > 0 ? found : ["All that it names is there, unchanged."])].join(
    "\n",
  );
}
