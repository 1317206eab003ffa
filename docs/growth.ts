import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { messageOf } from "../local/failure.ts";
import { stackConfiguration } from "../render/program.ts";
import { assumed, assumptions, type Assumptions } from "./growth/assumptions.ts";
import { byLog, bySize, databaseSizes, logRates } from "./growth/backups.ts";
import { figure, size, type BySize, type Limit } from "./growth/limit.ts";
import { postgresLimits } from "./growth/postgres.ts";
import { processLimits } from "./growth/processes.ts";
import { nextSteps } from "./growth/steps.ts";
import { nodeLimits, objectStoreLimits, redisLimits, usableBytes } from "./growth/stores.ts";

export const growthPage = fileURLToPath(new URL("growth.md", import.meta.url));

/** Stacks whose tables the page has. */
const stacks = ["prod", "staging"] as const;

/** A table under a heading. */
interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const named = (settings: readonly string[]) => settings.map((setting) => `\`${setting}\``).join(", ");

/** How far a stack goes, and what is next. */
export function growthTables(settings: Settings, values: Assumptions): Table[] {
  const { cluster, objectStore } = settings;
  const usable = objectStore.backend === "minio" ? usableBytes(objectStore, cluster.zones.length) : undefined;
  const limits = (title: string, rows: readonly Limit[]): Table => ({
    title,
    head: ["What", "How far it goes", "Met at", "Setting", "Next"],
    rows: rows.map(({ what, limit, met, settings, next }) => [what, limit, met, named(settings), next]),
  });
  const sizes = (title: string, columns: readonly string[], rows: readonly BySize[]): Table => ({
    title,
    head: ["What", ...columns, "Most", "Setting"],
    rows: rows.map(({ what, figures, most, settings }) => [what, ...figures, most, named(settings)]),
  });
  return [
    limits("Requests, tasks, pods", processLimits(settings, values)),
    limits("Postgres", postgresLimits(settings, values)),
    limits("Redis", redisLimits(settings, values)),
    limits("Object store", objectStoreLimits(settings, values)),
    limits("Nodes", nodeLimits(settings)),
    sizes("By the size of the database", databaseSizes.map(size), bySize(settings, values, usable)),
    sizes(
      "By the log that is written",
      logRates.map((rate) => `${size(rate)} a second`),
      byLog(settings, values),
    ),
    {
      title: "What to do next",
      head: ["Step", "Worth it when", "What is there", "Price"],
      rows: nextSteps(settings, values).map(({ step, when, here, price }) => [step, when, here, price]),
    },
  ].filter(({ rows }) => rows.length > 0);
}

const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

function markdownTable({ head, rows }: Omit<Table, "title">): string {
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The same for a terminal: a block of short lines for each row. */
function asText(tables: readonly Table[]): string {
  const block = (head: readonly string[], [first = "", ...rest]: readonly string[]) =>
    [first, ...rest.flatMap((cell, i) => (cell === "" ? [] : [`    ${head[i + 1]}: ${cell}`]))].join("\n");
  return tables
    .map(({ title, head, rows }) => [title.toUpperCase(), ...rows.map((row) => block(head, row))].join("\n\n"))
    .join("\n\n")
    .replaceAll(/`|\[(.*?)\]\(.*?\)/g, "$1");
}

function assumptionsTable(values: Assumptions): Table {
  const rows = Object.entries(assumptions).map(([name, { option, meaning, source }]) => [
    `\`--${option}\``,
    meaning,
    figure(values[name as keyof Assumptions]),
    source,
  ]);
  return { title: "What is assumed", head: ["Option", "What", "Value", "From where"], rows };
}

const stackSettings = (stack: string) => loadSettings(stackConfiguration(stack));

/** docs/growth.md with what is between its markers made anew. @throws Error when a marker is missing */
export function growthMarkdown(page: string): string {
  const parts = [
    ["assumptions", markdownTable(assumptionsTable(assumed()))],
    ...stacks.map((stack) => {
      const tables = growthTables(stackSettings(stack), assumed());
      return [stack, tables.map((table) => `### ${table.title}\n\n${markdownTable(table)}`).join("\n\n")];
    }),
  ] as [string, string][];
  return parts.reduce((text, [name, contents]) => {
    const between = new RegExp(`(<!-- ${name} -->\n)[^]*(<!-- /${name} -->)`);
    if (!between.test(text)) throw new Error(`docs/growth.md has no <!-- ${name} --> with its end`);
    return text.replace(between, (_, start: string, end: string) => `${start}\n${contents}\n\n${end}`);
  }, page);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Give a number above 0.");
  return value;
}

interface Options extends Partial<Assumptions> {
  readonly stack: string;
  readonly write: boolean;
}

function run({ stack, write, ...given }: Options): void {
  if (write) {
    writeFileSync(growthPage, growthMarkdown(readFileSync(growthPage, "utf8")));
    console.log("docs/growth.md: written");
    return;
  }
  const values = assumed(given);
  console.log(asText([...growthTables(stackSettings(stack), values), assumptionsTable(values)]));
}

if (import.meta.main) {
  const program = new Command("growth")
    .description(
      "How far a stack goes by its settings, what is met first, and what to do then. Nothing is asked but Pulumi.<stack>.yaml.",
    )
    .option("--stack <name>", "stack that has a Pulumi.<name>.yaml", "prod")
    .option("--write", "write docs/growth.md in place of printing", false);
  for (const { option, meaning, value } of Object.values(assumptions))
    program.option(`--${option} <number>`, `${meaning} (${value})`, positive);
  try {
    program.action(run).parse();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
