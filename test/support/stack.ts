import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { StackConfiguration } from "../../config/load.ts";

/** Environments whose stack files and resource lists are kept, so that a reviewer sees what a change does to each. */
export const environments = ["local", "staging", "prod"] as const;
export type Environment = (typeof environments)[number];

interface StackFile {
  readonly config?: Readonly<Record<string, unknown>>;
}

const isEncrypted = (value: unknown) => typeof value === "object" && value !== null && "secure" in value;

/** A committed stack's configuration as the engine hands it to a program: maps as JSON, and a stand-in for what is encrypted. */
export function stackConfiguration(environment: Environment): StackConfiguration {
  const text = readFileSync(new URL(`../../Pulumi.${environment}.yaml`, import.meta.url), "utf8");
  const given = Object.entries((parse(text) as StackFile).config ?? {});
  const shown = ([key, value]: [string, unknown]) => {
    if (isEncrypted(value)) return `configured-secret-of-${key}`;
    return typeof value === "string" ? value : JSON.stringify(value);
  };
  return {
    stack: environment,
    values: Object.fromEntries(given.map((entry) => [entry[0], shown(entry)])),
    secretKeys: given.filter(([, value]) => isEncrypted(value)).map(([key]) => key),
  };
}
