/** Stands for a value that a preview cannot know, since something that is yet to be made determines it. */
export const notYetKnown = Symbol("known only after the update");

/** A rule needs a value that is not yet known: it can be checked in the update, before the resource is made, but not in this preview. */
export class NotYetKnown extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} is known only after the update`);
    this.path = path;
  }
}

/** A document that a rule must read is not there or makes no sense: a violation by itself. The message says what to set. */
export class Unreadable extends Error {}

/** What lies at a path of nested data; undefined when there is nothing. Throws NotYetKnown on its way through an unknown value. */
export function read(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const [depth, key] of path.entries()) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<string, unknown>)[key];
    if (here === notYetKnown) throw new NotYetKnown(path.slice(0, depth + 1).join("."));
  }
  return here;
}

export function text(value: unknown, ...path: readonly string[]): string | undefined {
  const found = read(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** A number, also where it is written as text: "3". */
export function number(value: unknown, ...path: readonly string[]): number | undefined {
  const found = read(value, ...path);
  if (typeof found === "number") return found;
  return typeof found === "string" && /^-?\d+(\.\d+)?$/.test(found) ? Number(found) : undefined;
}

export function flag(value: unknown, ...path: readonly string[]): boolean | undefined {
  const found = read(value, ...path);
  return typeof found === "boolean" ? found : undefined;
}

/** The items of a list; none when there is no list. */
export function list(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = read(value, ...path);
  if (!Array.isArray(found)) return [];
  const items = found as unknown[];
  if (items.includes(notYetKnown)) throw new NotYetKnown(`${path.join(".")}[${items.indexOf(notYetKnown)}]`);
  return items;
}

/** The entries of an object; none when there is no object. Values may still be `notYetKnown`. */
export function entries(value: unknown, ...path: readonly string[]): readonly (readonly [string, unknown])[] {
  const found = read(value, ...path);
  return typeof found === "object" && found !== null && !Array.isArray(found) ? Object.entries(found) : [];
}

/** The texts of an object, such as labels, by key. */
export function texts(value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entries(value, ...path).flatMap(([key]) => {
      const found = text(value, ...path, key);
      return found === undefined ? [] : [[key, found]];
    }),
  );
}
