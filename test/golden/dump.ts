import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { declare, type Declared } from "../support/mocks.ts";

/**
 * Prints what the program registers for an environment: `node test/golden/dump.ts prod`. A JSON array of {type, name, inputs}
 * sorted by type and name, keys sorted, the contents of secrets replaced by a marker.
 */
const [environment = ""] = process.argv.slice(2);
const repository = new URL("../../", import.meta.url);

interface StackFile {
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The stack's configuration as the engine hands it to a program: maps as JSON, keys with their namespace. */
function configure(): void {
  const file = readFileSync(new URL(`Pulumi.${environment}.yaml`, repository), "utf8");
  const given = Object.entries((parse(file) as StackFile).config ?? {});
  const encrypted = given.filter(([, value]) => typeof value === "object" && value !== null && "secure" in value);
  const isEncrypted = (key: string) => encrypted.some(([name]) => name === key);
  const values = given.map(([key, value]) => [
    key,
    isEncrypted(key) ? `configured-secret-of-${key}` : typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(values) as Record<string, string>, encrypted.map(([key]) => key));
}

/** The same data with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

const byTypeAndName = (a: Declared, b: Declared) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1);

configure();
const { default: program } = await import("../../index.ts");
const declared = await declare(program, environment);
const resources = declared.sort(byTypeAndName).map(({ type, name, inputs }) => ({ type, name, inputs: sorted(inputs) }));
process.stdout.write(`${JSON.stringify(resources, null, 2)}\n`);
