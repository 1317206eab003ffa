import { valueOf, type Schema } from "./settingsValue.ts";

/** One setting, or a group of settings that has a meaning as a whole. */
export interface Row {
  /** Dotted, such as "postgres.timing.ttl". */
  readonly path: string;
  readonly meaning: string;
  /** Kind and bounds; "settings below" of a group. */
  readonly value: string;
  /** As JSON in backquotes, or what happens when the setting is not given. */
  readonly default: string;
  /** Variants of the surrounding group that have it, where not all do: what `backend` or `kind` must be. */
  readonly variants: readonly string[];
}

const group = "settings below";
const required = "must be given";
const optional = "none";

type Properties = Record<string, Schema>;

/** Rows of all that is below a schema, each group before what is in it. */
export function rowsOf(schema: Schema, path: string, comments: ReadonlyMap<string, string>): Row[] {
  const keyed = branchesOf(schema).filter((b) => b.properties);
  const inside = keyed.map((branch) => rowsInside(branch, schema, path, comments));
  const paths = [...new Set(inside.flat().map((row) => row.path))];
  return paths.map((at) => {
    const found = inside.flatMap((rows, i) => rows.filter((row) => row.path === at).map((row) => ({ row, i })));
    const everywhere = found.length === keyed.length;
    const labelled = found.map(({ row, i }) => (everywhere ? row : { ...row, variants: labelsOf(keyed[i]) }));
    return labelled.reduce(merge);
  });
}

function rowsInside(branch: Schema, parent: Schema, path: string, comments: ReadonlyMap<string, string>): Row[] {
  return Object.entries(branch.properties as Properties).flatMap(([key, schema]) => {
    const at = `${path}.${key}`;
    const given = (parent.default as Record<string, unknown> | undefined)?.[key];
    const absent = branch.required?.includes(key) ? required : optional;
    const own = ownRow(schema, at, comments.get(at) ?? "", defaultOf(schema.default ?? given, absent));
    return [...own, ...rowsOf(schema, at, comments)];
  });
}

/** Nothing for a group without a meaning of its own: what is in it says all. */
function ownRow(schema: Schema, path: string, meaning: string, fallback: string): Row[] {
  const branches = branchesOf(schema);
  const plain = branches.filter((b) => !b.properties).map(valueOf);
  const isGroup = plain.length < branches.length;
  if (plain.length === 0 && meaning === "") return [];
  const value = [...plain, ...(isGroup ? [group] : [])].join(" or ");
  // What a group is by default is told by the settings in it.
  const unsaid = plain.length === 0 && fallback.startsWith("`");
  return [{ path, meaning, value, default: unsaid ? "" : fallback, variants: [] }];
}

function defaultOf(value: unknown, absent: string): string {
  return value === undefined ? absent : `\`${JSON.stringify(value)}\``;
}

/** The same setting in two variants, their values side by side. */
function merge(first: Row, second: Row): Row {
  const defaults = new Set([first.default, second.default]);
  // One variant is chosen by default, so what chooses it need not be given.
  if (defaults.size > 1) defaults.delete(required);
  return {
    ...first,
    value: sideBySide([first.value, second.value]),
    default: sideBySide([...defaults]),
    variants: [...first.variants, ...second.variants],
  };
}

function sideBySide(texts: readonly string[]): string {
  return [...new Set(texts)].join(" or ");
}

/** What chooses a variant: the constants among its keys. */
function labelsOf(branch: Schema | undefined): string[] {
  return Object.values((branch?.properties ?? {}) as Properties).flatMap((p) =>
    typeof p.const === "string" ? [p.const] : [],
  );
}

function branchesOf(schema: Schema): Schema[] {
  const choices = schema.anyOf ?? schema.oneOf;
  return choices ? choices.flatMap(branchesOf) : [schema];
}
