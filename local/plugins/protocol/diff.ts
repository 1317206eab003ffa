import { isObject, type Properties, type Value } from "./values.ts";

export type Path = readonly (string | number)[];

/** One difference between what was asked for last time and what is asked for now. */
export interface Change {
  readonly path: Path;
  readonly kind: "add" | "delete" | "update";
  /** The resource cannot take the change in place: it is made anew. */
  readonly replace: boolean;
}

export interface Diff {
  /** Empty: nothing to do. */
  readonly changes: readonly Change[];
  /** The old resource stands in the way of the new one, so it goes first. */
  readonly deleteBeforeReplace?: boolean;
}

/** Every place where two sets of plain inputs differ, as deep as the difference allows. An absent value equals undefined and null. */
export function changesBetween(old: Properties, next: Properties, replaces: (path: Path) => boolean): Change[] {
  const changes: Change[] = [];
  const visit = (before: Value, after: Value, path: Path): void => {
    if (before === after || (absent(before) && absent(after))) return;
    if (!absent(before) && !absent(after) && sameShape(before, after)) {
      for (const step of steps(before, after)) visit(child(before, step), child(after, step), [...path, step]);
      return;
    }
    const kind = absent(before) ? "add" : absent(after) ? "delete" : "update";
    changes.push({ path, kind, replace: replaces(path) });
  };
  visit(old, next, []);
  return changes;
}

/** A path as the engine writes it: `spec.containers[0].env["x.y"]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

export function sameValue(a: Value, b: Value): boolean {
  if (a === b || (absent(a) && absent(b))) return true;
  if (absent(a) || absent(b) || !sameShape(a, b)) return false;
  return steps(a, b).every((step) => sameValue(child(a, step), child(b, step)));
}

function absent(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

function sameShape(a: Value, b: Value): boolean {
  return (Array.isArray(a) && Array.isArray(b)) || (isObject(a) && isObject(b));
}

function steps(a: Value, b: Value): (string | number)[] {
  if (Array.isArray(a) && Array.isArray(b)) return [...Array(Math.max(a.length, b.length)).keys()];
  return [...new Set([...Object.keys(a as Properties), ...Object.keys(b as Properties)])];
}

function child(value: Value, step: string | number): Value {
  return Array.isArray(value) ? value[Number(step)] : (value as Properties)[step];
}
