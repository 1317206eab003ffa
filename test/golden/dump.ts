import { declareStack } from "../../render/program.ts";
import type { Declared } from "../support/mocks.ts";

/**
 * Prints what the program registers for an environment: `node test/golden/dump.ts prod`. A JSON array of {type, name, inputs}
 * sorted by type and name, keys sorted, the contents of secrets replaced by a marker; `protect` where Pulumi refuses to delete it.
 */

/** The same data with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

const byTypeAndName = (a: Declared, b: Declared) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1);

const declared = await declareStack(process.argv[2] ?? "");
const resources = declared.sort(byTypeAndName).map(({ type, name, inputs, protected: protect }) => ({
  type,
  name,
  inputs: sorted(inputs),
  ...(protect && { protect }),
}));
process.stdout.write(`${JSON.stringify(resources, null, 2)}\n`);
