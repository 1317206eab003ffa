import aws from "@pulumi/aws/package.json" with { type: "json" };
import command from "@pulumi/command/package.json" with { type: "json" };
import kubernetes from "@pulumi/kubernetes/package.json" with { type: "json" };
import random from "@pulumi/random/package.json" with { type: "json" };
import tls from "@pulumi/tls/package.json" with { type: "json" };

/** The npm packages whose plugins we stand in for. */
const PACKAGES = { kubernetes, random, command, tls, aws };

export type PluginName = keyof typeof PACKAGES;

export const PLUGIN_NAMES = Object.keys(PACKAGES) as PluginName[];

/** A plugin has the version of its npm package: the engine asks for exactly that one. */
export function pluginVersion(name: PluginName): string {
  return PACKAGES[name].version.replace(/^v/, "");
}
