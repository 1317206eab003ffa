import { unsupported, type Plugin } from "../protocol/plugin.ts";
import { servePlugin } from "../protocol/serve.ts";
import { pluginVersion } from "../protocol/version.ts";
import { previewed } from "./preview.ts";

/** Stands in for the vendor's AWS plugin where that cannot be had, so that a stack with parts on AWS can be previewed and judged there. */
const awsPlugin: Plugin = {
  version: pluginVersion("aws"),
  configure: () => Promise.resolve(),
  resource(type) {
    if (!type.startsWith("aws:")) throw unsupported(type);
    return previewed;
  },
};

await servePlugin(awsPlugin);
