import { z } from "zod";
import type { Problem } from "./rules.ts";

/** Settings that cannot be used: every problem in one message, each with its place and what would be right. */
export class SettingsError extends Error {
  readonly problems: readonly Problem[];

  constructor(stack: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
    const lines = problems.map(({ path, problem, remedy }) => `  ${path}: ${problem}; ${remedy}`);
    super(`${count} wrong in stack "${stack}", nothing was changed:\n${lines.join("\n")}`);
    this.name = "SettingsError";
    this.problems = problems;
  }
}

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Problems out of what zod found in one section. Values are shown only when they may be: `secret` tells when not. */
export function problemsOf(
  section: string,
  schema: z.ZodType,
  issues: readonly Issue[],
  options: { readonly secret?: boolean } = {},
): Problem[] {
  const show = (value: unknown) => {
    if (value === undefined) return "is missing";
    const scalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return options.secret || !scalar
      ? `is ${kindOf(value)} that does not fit`
      : `${JSON.stringify(value)} does not fit`;
  };
  return issues.flatMap((issue) => {
    const path = [section, ...issue.path.map(String)].join(".");
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key, schema, issue.path));
    if (issue.code === "invalid_union" && !issue.discriminator) {
      const closest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0];
      if (closest && depth(closest) > 0)
        return problemsOf(
          section,
          schema,
          closest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
          options,
        );
    }
    return [{ path, problem: show(valueAt(issue)), remedy: remedyOf(issue) }];
  });
}

/** The value that is wrong: of a union's variants it is the one that chooses. */
function valueAt(issue: Issue): unknown {
  const discriminator = issue.code === "invalid_union" ? issue.discriminator : undefined;
  return discriminator ? (issue.input as Record<string, unknown> | undefined)?.[discriminator] : issue.input;
}

/** How far into the value a branch of a union got: the deepest is the one that was meant. */
function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((i) => i.path.length + (i.code === "unrecognized_keys" ? 1 : 0)));
}

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "a map" : `a ${typeof value}`;
}

function remedyOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `give ${article(issue.expected)}`;
    case "too_small":
      return `give ${bound("at least", issue.minimum, issue.origin)}`;
    case "too_big":
      return `give ${bound("at most", issue.maximum, issue.origin)}`;
    case "invalid_value":
      return `give one of ${issue.values.map(String).join(", ")}`;
    case "invalid_union":
      return "options" in issue && issue.options
        ? `give one of ${issue.options.map(String).join(", ")}`
        : "give one of the shapes that docs/settings.md lists";
    default:
      return issue.message;
  }
}

function article(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    int: "a whole number",
    object: "a map",
    array: "a list",
    record: "a map",
  };
  return words[expected] ?? `a ${expected}`;
}

function bound(words: string, limit: number | bigint, origin: string): string {
  const unit = origin === "string" ? " characters" : origin === "array" ? " entries" : "";
  return `${words} ${limit}${unit}`;
}

function unknownKey(path: string, key: string, schema: z.ZodType, at: readonly PropertyKey[]): Problem {
  const known = keysAt(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), at);
  return { path: `${path}.${key}`, problem: "is unknown", remedy: `known are ${known.join(", ")}` };
}

/** Names that a map of the settings may have. */
function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  const branches = [schema, ...(schema.anyOf ?? schema.oneOf ?? [])];
  const [head, ...rest] = path;
  if (head === undefined) return [...new Set(branches.flatMap((b) => Object.keys(b.properties ?? {})))];
  return branches.flatMap((b) => {
    const inner = typeof head === "number" ? b.items : (b.properties?.[String(head)] ?? b.additionalProperties);
    return typeof inner === "object" && !Array.isArray(inner) ? keysAt(inner, rest) : [];
  });
}
