import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { PLUGIN_NAMES, pluginVersion } from "./protocol/version.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");

/**
 * Puts our plugins where the engine looks for the vendors': `$PULUMI_HOME/plugins/resource-NAME-vVERSION/pulumi-resource-NAME`.
 * Each is a small script in a folder of its own (the engine does not follow symbolic links). What is there already stays, so an
 * official plugin of that version is left alone.
 */
export async function installPlugins(pulumiHome: string): Promise<void> {
  await Promise.all(
    PLUGIN_NAMES.map(async (name) => {
      const folder = path.join(pulumiHome, "plugins", `resource-${name}-v${pluginVersion(name)}`);
      const file = path.join(folder, `pulumi-resource-${name}`);
      const script = launcher(name, path.join(pulumiHome, "compile-cache"));
      const present = await stat(file).catch(() => undefined);
      // The vendors' are programs of many megabytes.
      const ours = present && present.size < LARGEST_SCRIPT ? await readFile(file, "utf8") : "";
      if (present && (!ours.startsWith(SIGNATURE) || ours === script)) return;
      await mkdir(folder, { recursive: true });
      await writeFile(file, script);
      await chmod(file, 0o755);
    }),
  );
}

/** Bytes. */
const LARGEST_SCRIPT = 10_000;
const SIGNATURE = "#!/bin/sh\n# Written by local/plugins/install.ts.\n";

/** Node's compile cache takes half a second off each start. */
function launcher(name: string, compileCache: string): string {
  const node = path.join(REPOSITORY, "node_modules/.bin/node");
  const main = path.join(REPOSITORY, "local/plugins", name, "main.ts");
  return `${SIGNATURE}[ "$NODE_COMPILE_CACHE" ] || NODE_COMPILE_CACHE=${quote(compileCache)}
export NODE_COMPILE_CACHE
exec ${quote(node)} ${quote(main)} "$@"
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
