import { fileURLToPath } from "node:url";
import { z } from "zod";
import { secretNames } from "../config/secrets.ts";
import { settingsSchema } from "../config/settings.ts";
import { settingsComments } from "./settingsComments.ts";

type Schema = z.core.JSONSchema.BaseSchema;

interface Row {
  readonly path: string;
  readonly meaning: string;
  readonly value: string;
  readonly default: string;
}

const source = (file: string) => fileURLToPath(new URL(`../config/${file}`, import.meta.url));

/** The settings reference as Markdown, made from the schemas: one table a section. */
export function settingsReference(): string {
  const schema = z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }) as Schema;
  const comments = settingsComments(source("settings.ts"), "settingsSchema");
  const sections = Object.entries((schema.properties ?? {}) as Record<string, Schema>).map(([name, section]) => {
    const rows = rowsOf(section, name, comments);
    return `## ${name}\n\n${comments.get(name) ?? ""}\n\n${table(
      ["Setting", "Meaning", "Value", "Default"],
      rows.map((r) => [`\`${r.path}\``, r.meaning, r.value, r.default]),
    )}`;
  });
  return `${[intro, ...sections, secretsReference()].join("\n\n")}\n`;
}

const intro = `# Settings

Made from the schemas in \`config/\` by \`make settings\`; do not edit. Each section is one key of a stack's configuration
(\`dify-ha:postgres\` and so on). Unknown keys are errors. What has no default and is not optional must be given.`;

function secretsReference(): string {
  const comments = settingsComments(source("secrets.ts"), "secretNames");
  const rows = Object.keys(secretNames.shape).map((name) => [`\`secrets:${name}\``, comments.get(name) ?? ""]);
  return `## Secrets

Optional: what is not given is generated once and kept in the stack's encrypted state. Set one with
\`pulumi config set --secret secrets:NAME\`.

${table(["Secret", "Meaning"], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((c) => c.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A row for each setting that holds a value; maps are shown by what is in them. */
function rowsOf(schema: Schema, path: string, comments: ReadonlyMap<string, string>): Row[] {
  const branches = branchesOf(schema);
  const keyed = branches.filter((b) => b.properties);
  const rows = new Map<string, Row>();
  for (const branch of keyed)
    for (const [key, inner] of Object.entries((branch.properties ?? {}) as Record<string, Schema>))
      for (const row of rowsOf(inner, `${path}.${key}`, comments)) rows.set(row.path, merge(rows.get(row.path), row));
  const plain = branches.filter((b) => !b.properties);
  if (plain.length > 0 || keyed.length === 0) {
    const own = {
      path,
      meaning: comments.get(path) ?? "",
      value: plain.map(valueOf).join(" or "),
      default: defaultOf(schema),
    };
    return [own, ...rows.values()];
  }
  return [...rows.values()];
}

/** The same key in two variants: their values side by side. */
function merge(first: Row | undefined, second: Row): Row {
  if (!first || first.value === second.value) return second;
  return { ...second, value: `${first.value} or ${second.value}` };
}

function branchesOf(schema: Schema): Schema[] {
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  return choices ? choices.flatMap(branchesOf) : [schema];
}

function defaultOf(schema: Schema): string {
  return schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
}

/** Kind and bounds of a value in a few words. */
function valueOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((v) => `\`${String(v)}\``).join(", ");
  const { minimum, maximum, minLength, pattern } = schema;
  switch (schema.type) {
    case "integer":
    case "number":
      return [schema.type === "integer" ? "whole number" : "number", range(minimum, maximum)].join(" ").trim();
    case "array":
      return `list of ${valueOf((schema.items ?? {}) as Schema)}${range(schema.minItems, schema.maxItems, " with ", " entries")}`;
    case "object":
      return `map of ${typeof schema.additionalProperties === "object" ? valueOf(schema.additionalProperties as Schema) : "settings"}`;
    case "boolean":
      return "`true` or `false`";
    default:
      return pattern ? `text like \`${pattern}\`` : `text${minLength ? ` of at least ${minLength} characters` : ""}`;
  }
}

function range(from: number | undefined, to: number | undefined, before = "", after = ""): string {
  const lower = from === undefined || from <= Number.MIN_SAFE_INTEGER ? undefined : from;
  const upper = to === undefined || to >= Number.MAX_SAFE_INTEGER ? undefined : to;
  if (lower === undefined && upper === undefined) return "";
  if (upper === undefined) return `${before}from ${lower}${after}`;
  return lower === undefined ? `${before}up to ${upper}${after}` : `${before}${lower} to ${upper}${after}`;
}

if (import.meta.main) process.stdout.write(settingsReference());
