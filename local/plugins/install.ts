import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
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
      const present = await readFile(file, "utf8").catch(() => undefined);
      if (present !== undefined && !present.startsWith(SIGNATURE)) return;
      const script = launcher(name, path.join(pulumiHome, "compile-cache"));
      if (present === script) return;
      await mkdir(folder, { recursive: true });
      await writeFile(file, script);
      await chmod(file, 0o755);
    }),
  );
}

const SIGNATURE = "#!/bin/sh\n# Written by local/plugins/install.ts.\n";

/** Node's compile cache takes half a second off each start. */
function launcher(name: string, compileCache: string): string {
  const node = path.join(REPOSITORY, "node_modules/.bin/node");
  const main = path.join(REPOSITORY, "local/plugins", name, "main.ts");
  return `${SIGNATURE}NODE_COMPILE_CACHE=${quote(compileCache)} exec ${quote(node)} ${quote(main)} "$@"\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
