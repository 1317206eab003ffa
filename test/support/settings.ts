import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { loadSettings } from "../../config/load.ts";
import type { Settings } from "../../config/settings.ts";

/** Settings as a stack file would give them: sections by name, what is left out is the default. */
export function settings(sections: Readonly<Record<string, unknown>> = {}): Settings {
  const values = Object.entries(sections).map(([name, value]) => [`dify-ha:${name}`, JSON.stringify(value)]);
  return loadSettings({ stack: "test", values: Object.fromEntries(values) as Record<string, string>, secretKeys: [] });
}

export const environments = ["local", "staging", "prod"] as const;
export type Environment = (typeof environments)[number];

/** Configuration of a committed stack, as Pulumi hands it to the program. */
export function stackValues(environment: Environment): Record<string, string> {
  const text = readFileSync(new URL(`../../Pulumi.${environment}.yaml`, import.meta.url), "utf8");
  const { config = {} } = parse(text) as { config?: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}
