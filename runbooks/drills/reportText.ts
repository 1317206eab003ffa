import type { Archive, Quarter } from "./archive.ts";
import { chart } from "./chart.ts";
import { drillKinds, type DrillKind, type DrillResult } from "./result.ts";
import { secondsInWords } from "./words.ts";

/** A report on the drills of a quarter, in both forms. */
export interface Report {
  readonly markdown: string;
  readonly html: string;
}

type Figure = "rtoSeconds" | "rpoSeconds";

/** Made of results alone: the same results make the same report. */
export function reportOf({ results, damaged }: Archive, quarter: Quarter): Report {
  const sections: Section[] = [
    {
      title: `Restore drills ${quarter.name}`,
      rows: [summaryHead, ...drillKinds.map((kind) => summary(kind, results))],
    },
    { title: "What failed", rows: failures(results, damaged) },
    { title: "Every drill", rows: [everyHead, ...results.map(every)] },
  ];
  const charts = [
    chart(
      "RTO: from the start of the restore to the first query",
      points(results, "rtoSeconds"),
      quarter.from,
      quarter.to,
      secondsInWords,
    ),
    chart(
      "RPO: age of the newest row that would come back",
      points(results, "rpoSeconds"),
      quarter.from,
      quarter.to,
      secondsInWords,
    ),
  ];
  return { markdown: markdownOf(sections, charts), html: htmlOf(sections, charts) };
}

/** Rows of a table, the first of them its head; or of one column, which are lines. */
interface Section {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

const summaryHead = ["Kind", "Drills", "Passed", "RTO median", "RTO worst", "RPO median", "RPO worst"];

function summary(kind: DrillKind, all: readonly DrillResult[]): string[] {
  const results = all.filter((result) => result.kind === kind);
  const figures = (figure: Figure) => {
    const values = results.flatMap((result) => result[figure] ?? []).toSorted((a, b) => a - b);
    return [values[Math.floor((values.length - 1) / 2)] ?? null, values.at(-1) ?? null].map(secondsInWords);
  };
  const passed = results.filter((result) => result.passed).length;
  return [kind, `${results.length}`, `${passed}`, ...figures("rtoSeconds"), ...figures("rpoSeconds")];
}

function failures(results: readonly DrillResult[], damaged: readonly string[]): string[][] {
  const failed = results
    .filter(({ passed }) => !passed)
    .map(({ id, kind, checks }) => {
      const names = checks.filter((check) => !check.passed).map(({ name, detail }) => `${name} (${detail})`);
      return `${id}, ${kind}: ${names.join("; ") || "not all checks were reached"}`;
    });
  const lines = [...failed, ...damaged.map((each) => `unreadable: ${each}`)];
  return (lines.length > 0 ? lines : ["Nothing."]).map((line) => [line]);
}

const everyHead = ["Began", "Kind", "Site", "Record", "Result", "RTO", "RPO"];

const every = ({ started, kind, site, record, passed, rtoSeconds, rpoSeconds }: DrillResult): string[] => [
  started,
  kind,
  site,
  record ?? "none",
  passed ? "passed" : "failed",
  secondsInWords(rtoSeconds),
  secondsInWords(rpoSeconds),
];

const points = (results: readonly DrillResult[], figure: Figure) =>
  results.flatMap(({ started, passed, [figure]: value }) =>
    value === null ? [] : [{ time: new Date(started), value, passed }],
  );

const isTable = ({ rows }: Section): boolean => (rows[0]?.length ?? 0) > 1;

function markdownOf(sections: readonly Section[], charts: readonly string[]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const line = (row: readonly string[]) => `| ${row.map(cell).join(" | ")} |`;
  const parts = sections.map((section, i) => {
    const [head = [], ...rows] = section.rows;
    const body = isTable(section)
      ? [line(head), line(head.map(() => "---")), ...rows.map(line)]
      : section.rows.map(([text = ""]) => `- ${text}`);
    return [`${i === 0 ? "#" : "##"} ${section.title}`, "", ...body].join("\n");
  });
  const [first = "", ...rest] = parts;
  return `${[first, ...charts, ...rest].join("\n\n")}\n`;
}

function htmlOf(sections: readonly Section[], charts: readonly string[]): string {
  const row = (name: "td" | "th") => (cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${name}>${escaped(cell)}</${name}>`).join("")}</tr>`;
  const parts = sections.map((section, i) => {
    const [head = [], ...rows] = section.rows;
    const title = `<h${i === 0 ? 1 : 2}>${escaped(section.title)}</h${i === 0 ? 1 : 2}>`;
    return isTable(section)
      ? [title, "<table>", row("th")(head), ...rows.map(row("td")), "</table>"].join("\n")
      : [title, "<ul>", ...section.rows.map(([text = ""]) => `<li>${escaped(text)}</li>`), "</ul>"].join("\n");
  });
  const [first = "", ...rest] = parts;
  const style =
    "body{font-family:sans-serif;max-width:60em;margin:2em auto}td,th{padding:.2em .8em;text-align:left}svg{display:block}";
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><title>${escaped(sections[0]?.title ?? "")}</title><style>${style}</style></head><body>`,
    first,
    ...charts,
    ...rest,
    "</body></html>\n",
  ].join("\n");
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
