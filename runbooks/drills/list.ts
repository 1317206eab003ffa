import { plainTable } from "../../local/table.ts";
import { shown } from "../backups/shown.ts";
import { readArchive, type Archive } from "./archive.ts";
import type { OpenDrills } from "./open.ts";
import type { DrillResult } from "./result.ts";
import { secondsInWords } from "./words.ts";

/** `drills list`: a line a drill, newest first. */
export async function list({ bucket }: OpenDrills, options: { readonly json: boolean; readonly most: number }) {
  const archive = await shown("Read results", (progress) => readArchive(bucket, { most: options.most, progress }));
  console.log(options.json ? JSON.stringify(archive, undefined, 2) : archiveText(archive));
  return true;
}

/** Results as a person sees them: a table, and below it what has failed. */
export function archiveText({ results, damaged }: Archive): string {
  if (results.length + damaged.length === 0) return "No drill has left a result yet.";
  const table = plainTable(["drill", "kind", "site", "record", "", "RTO", "RPO"], results.map(row));
  const notes = [...results.flatMap(problems), ...damaged];
  return [table, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

const row = ({ id, kind, site, record, passed, rtoSeconds, rpoSeconds }: DrillResult): string[] => [
  id,
  kind,
  site,
  record ?? "none",
  passed ? "passed" : "FAILED",
  secondsInWords(rtoSeconds),
  secondsInWords(rpoSeconds),
];

function problems({ id, passed, checks }: DrillResult): string[] {
  const failed = checks.filter((check) => !check.passed).map(({ name, detail }) => `${id}: ${name}: FAILED. ${detail}`);
  return passed || failed.length > 0 ? failed : [`${id}: it did not reach its end: see the log of its pod`];
}
