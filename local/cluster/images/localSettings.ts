import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { loadSettings } from "../../../config/load.ts";
import type { Settings } from "../../../config/settings.ts";
import { repository } from "../../paths.ts";

/** The settings of the local stack as committed: what its pods ask for is what the nodes hold ready. */
export function localSettings(): Settings {
  const { config } = parse(readFileSync(join(repository, "Pulumi.local.yaml"), "utf8")) as {
    readonly config: Readonly<Record<string, unknown>>;
  };
  const values = Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)] as const);
  return loadSettings({ stack: "local", values: Object.fromEntries(values), secretKeys: [] });
}
