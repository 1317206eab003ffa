import { execa } from "execa";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Resource } from "../../policies/read/resource.ts";
import type { Environment } from "./stack.ts";

const repository = new URL("../../", import.meta.url);

export function goldenFile(environment: Environment): URL {
  return new URL(`test/golden/${environment}.json`, repository);
}

/** The list as it is kept: what the program of the last `make golden` registers. */
export function readGolden(environment: Environment): Resource[] {
  return JSON.parse(readFileSync(goldenFile(environment), "utf8")) as Resource[];
}

/** What the program registers now, as JSON, from a process into which nothing leaks: no environment, no earlier registrations. */
export async function dumpGolden(environment: Environment): Promise<string> {
  const node = fileURLToPath(new URL("node_modules/.bin/node", repository));
  const dump = fileURLToPath(new URL("test/golden/dump.ts", repository));
  const { stdout } = await execa(node, [dump, environment], { extendEnv: false, cwd: repository, maxBuffer: 2 ** 28 });
  return `${stdout}\n`;
}

type Leaves = ReadonlyMap<string, unknown>;

function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`));
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

/** Where two values part; of two texts only the first line that differs. */
function parting(before: unknown, after: unknown): string {
  if (typeof before !== "string" || typeof after !== "string" || !before.includes("\n"))
    return `${shown(before)} -> ${shown(after)}`;
  const [old, current] = [before.split("\n"), after.split("\n")];
  const line = current.findIndex((text, i) => text !== old[i]);
  const at = line < 0 ? current.length : line;
  return `line ${at + 1}: ${shown(old[at])} -> ${shown(current[at])}`;
}

/** What differs between two lists, a line each: "+" new, "-" gone, "~" changed. */
export function differences(before: readonly Resource[], after: readonly Resource[]): string[] {
  const index = (list: readonly Resource[]) =>
    new Map<string, Leaves>(list.map(({ type, name, inputs }) => [`${type} ${name}`, new Map(leaves(inputs))]));
  const [old, current] = [index(before), index(after)];
  return [...new Set([...old.keys(), ...current.keys()])].sort().flatMap((id) => {
    const [was, is] = [old.get(id), current.get(id)];
    if (!was) return [`+ ${id}`];
    if (!is) return [`- ${id}`];
    return [...new Set([...was.keys(), ...is.keys()])]
      .filter((path) => was.get(path) !== is.get(path) && shown(was.get(path)) !== shown(is.get(path)))
      .map((path) => `~ ${id}: ${path}: ${parting(was.get(path), is.get(path))}`);
  });
}
