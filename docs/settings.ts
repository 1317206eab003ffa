import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { secretNames } from "../config/secrets.ts";
import { settingsSchema } from "../config/settings.ts";
import { settingsComments } from "./settingsComments.ts";
import { rowsOf, type Row } from "./settingsRows.ts";
import { jsonSchemaOf, type Schema } from "./settingsValue.ts";

/** Rows under one heading: a section of the settings, or the secrets. */
export interface Section {
  readonly name: string;
  readonly meaning: string;
  readonly rows: readonly Row[];
}

export const referenceFile = fileURLToPath(new URL("settings.md", import.meta.url));

/** All settings, then the secrets, by their schemas and the comments in them. */
export function settingsSections(): Section[] {
  const settings = sectionsOf(settingsSchema, settingsComments(source("settings.ts"), "settingsSchema"));
  const comments = settingsComments(source("secrets.ts"), "secretNames");
  const named = new Map([...comments].map(([name, comment]) => [`secrets.${name}`, comment]));
  const rows = rowsOf(jsonSchemaOf(secretNames), "secrets", named);
  return [
    ...settings,
    {
      name: "secrets",
      meaning: secretsMeaning,
      rows: rows.map((row) => ({ ...row, path: row.path.replace(".", ":"), default: "generated" })),
    },
  ];
}

/** A section for each key of a schema; `comments` has the meanings by dotted path. */
export function sectionsOf(schema: z.ZodType, comments: ReadonlyMap<string, string>): Section[] {
  const { properties = {} } = jsonSchemaOf(schema);
  return Object.entries(properties as Record<string, Schema>).map(([name, section]) => ({
    name,
    meaning: comments.get(name) ?? "",
    rows: rowsOf(section, name, comments),
  }));
}

const source = (file: string) => fileURLToPath(new URL(`../config/${file}`, import.meta.url));

const intro = `Each section is one key of a stack's configuration (\`dify-ha:postgres\` and so on). Unknown keys are errors.`;

const secretsMeaning = `Set one with \`pulumi config set --secret secrets:NAME\`. What is not given is generated once and kept in the stack's encrypted
state; passwords and keys of servers that are run elsewhere must be given.`;

/** The contents of docs/settings.md: a table for each section. */
export function asMarkdown(sections: readonly Section[]): string {
  const parts = sections.map(
    ({ name, meaning, rows }) =>
      `## ${name}\n\n${meaning}\n\n${table(["Setting", "Meaning", "Value", "Default"], rows)}`,
  );
  const head = `# Settings\n\nMade from the schemas in \`config/\` by \`make golden\`; do not edit. ${intro}`;
  return `${[head, ...parts].join("\n\n")}\n`;
}

function table(head: readonly string[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((c) => c.replaceAll("|", "\\|")).join(" | ")} |`;
  const cells = rows.map((row) => [`\`${row.path}\``, meaningOf(row), row.value, row.default]);
  return [line(head), line(head.map(() => "---")), ...cells.map(line)].join("\n");
}

/** The same for a terminal: three short lines a setting in place of a wide table. */
export function asText(sections: readonly Section[]): string {
  const parts = sections.map(({ name, meaning, rows }) => {
    const entries = rows.map((row) => {
      const lines = [
        row.path,
        `    ${meaningOf(row)}`,
        `    ${row.value}${row.default && `; default: ${row.default}`}`,
      ];
      return lines.join("\n");
    });
    return [`${name.toUpperCase()}\n${meaning}`, ...entries].join("\n\n");
  });
  return `${[intro, ...parts].join("\n\n").replaceAll("`", "")}\n`;
}

function meaningOf({ meaning, variants }: Row): string {
  return variants.length === 0 ? meaning : `With ${variants.map((v) => `\`${v}\``).join(" or ")}: ${meaning}`;
}

/** Prints the reference; with --write it writes docs/settings.md instead. */
function main(): void {
  const sections = settingsSections();
  if (!process.argv.includes("--write")) {
    process.stdout.write(asText(sections));
    return;
  }
  const text = asMarkdown(sections);
  const unchanged = existsSync(referenceFile) && readFileSync(referenceFile, "utf8") === text;
  writeFileSync(referenceFile, text);
  console.log(`docs/settings.md: ${unchanged ? "unchanged" : "written"}`);
}

if (import.meta.main) main();
