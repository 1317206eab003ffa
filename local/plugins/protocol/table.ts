import { unsupported, type Plugin, type Resource } from "./plugin.ts";
import { pluginVersion, type PluginName } from "./version.ts";

/** A plugin without settings that serves a fixed table of types. */
export function tablePlugin(name: PluginName, resources: Readonly<Record<string, Resource>>): Plugin {
  return {
    version: pluginVersion(name),
    configure: () => Promise.resolve(),
    resource(type) {
      const resource = resources[type];
      if (!resource) throw unsupported(type);
      return resource;
    },
  };
}
