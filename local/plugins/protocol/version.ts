import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The packages whose plugins we stand in for. */
export const PLUGIN_NAMES = ["kubernetes", "random", "command", "tls"] as const;

export type PluginName = (typeof PLUGIN_NAMES)[number];

/** A plugin has the version of its npm package: the engine asks for exactly that one. */
export function pluginVersion(name: PluginName): string {
  const file = fileURLToPath(import.meta.resolve(`@pulumi/${name}/package.json`));
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version.replace(/^v/, "");
}
