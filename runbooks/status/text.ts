import { plainTable } from "../../local/table.ts";
import { duration } from "../backups/format.ts";
import { dataSets, type DataSetName } from "./dataSets.ts";
import type { Status } from "./gather.ts";
import type { CopyStatus, Problem } from "./judge.ts";

const siteTitles = { cluster: "cluster", offsite: "off site" } as const;

/** The status as a person reads it: the answer first, then a line a copy, then what is wrong and what helps. */
export function statusText(status: Status): string {
  const table = plainTable(
    ["data set", "copy", "newest restorable", "age", "at most", "last proven restore", "RTO", "locked until", ""],
    status.copies.map(row),
  );
  return [headline(status), table, ...problemLines(status), ...unaskedLines(status)].join("\n");
}

/** What the loss of the whole site would cost. */
export function headline({ copies, secondSite }: Status): string {
  if (!secondSite)
    return "If the site burned now, everything would be lost: there is no second site (offsite.backend).";
  const isFollowed = copies.some(({ dataSet, instant }) => dataSet === "followed" && instant !== "none");
  const irreplaceable = copies
    .filter(({ dataSet, site }) => site === "offsite" && dataSets[dataSet].irreplaceable)
    // A restore takes the newer of both.
    .filter(({ dataSet }) => dataSet !== (isFollowed ? "objects" : "followed"));
  const losses = irreplaceable.map(({ dataSet, ageSeconds, instant }) => {
    const { title } = dataSets[dataSet];
    if (ageSeconds !== null) return `of ${title} the last ${duration(ageSeconds)}`;
    return instant === "none" ? `all of ${title}` : `of ${title} nobody can say how much`;
  });
  return `If the site burned now, this would be lost: ${losses.join("; ")}.`;
}

function row(copy: CopyStatus): string[] {
  const { dataSet, site, instant, ageSeconds, maxAgeSeconds, proven, lockedUntil, verdict } = copy;
  return [
    dataSets[dataSet].title,
    siteTitles[site],
    short(instant),
    ageSeconds === null ? "" : duration(ageSeconds),
    duration(maxAgeSeconds),
    proven === null ? "no drill restores it" : typeof proven === "string" ? provenWords[proven] : short(proven.at),
    proven !== null && typeof proven === "object" && proven.rtoSeconds !== null ? duration(proven.rtoSeconds) : "",
    short(lockedUntil),
    { good: "good", missed: "MISSED", unknown: "unknown" }[verdict],
  ];
}

const provenWords = { none: "never", "not asked": "not asked" } as const;

/** To the second. */
const short = (instant: string): string => instant.replace(/\.\d+Z$/, "Z");

function problemLines({ copies, problems: others }: Status): string[] {
  const lineOf = ({ what, runbook }: Problem) => `${what}; npm run runbook -- ${runbook}`;
  const lines = [
    ...grouped(copies, ({ problems }) => problems.map(lineOf)),
    ...others.map((problem) => `  ${lineOf(problem)}`),
  ];
  return lines.length > 0 ? ["", "Missed:", ...lines] : [];
}

function unaskedLines({ copies }: Status): string[] {
  const lines = grouped(copies, ({ unasked }) => unasked);
  return lines.length > 0 ? ["", "Could not be asked, which is no good news:", ...lines] : [];
}

/** A line for each thing that is said of one copy or more. */
function grouped(copies: readonly CopyStatus[], said: (copy: CopyStatus) => readonly string[]): string[] {
  const by = new Map<string, CopyStatus[]>();
  for (const copy of copies) for (const text of said(copy)) by.set(text, [...(by.get(text) ?? []), copy]);
  return [...by].map(([text, of]) => `  ${namesOf(of)}: ${text}`);
}

function namesOf(copies: readonly CopyStatus[]): string {
  const sites = new Map<DataSetName, string[]>();
  for (const { dataSet, site } of copies) sites.set(dataSet, [...(sites.get(dataSet) ?? []), siteTitles[site]]);
  return [...sites].map(([dataSet, of]) => `${dataSets[dataSet].title} (${of.join(", ")})`).join(", ");
}
