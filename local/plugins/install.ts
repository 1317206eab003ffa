import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { PLUGIN_NAMES, pluginVersion, type PluginName } from "./protocol/version.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const SIGNATURE = "#!/bin/sh\n# Written by local/plugins/install.ts.\n";
/** Bytes. The vendors' plugins are programs of many megabytes. */
const LARGEST_SCRIPT = 10_000;

/**
 * Puts our plugins where the engine looks for the vendors': `$PULUMI_HOME/plugins/resource-NAME-vVERSION/pulumi-resource-NAME`, in a
 * real folder (the engine does not follow symbolic links). Each is bundled into one file, which starts four times as fast as its
 * sources; that is repeated only when they change. An official plugin of that version is left alone.
 */
export async function installPlugins(pulumiHome: string): Promise<void> {
  const fingerprint = await fingerprintOfSources();
  await Promise.all(
    PLUGIN_NAMES.map(async (name) => {
      const folder = path.join(pulumiHome, "plugins", `resource-${name}-v${pluginVersion(name)}`);
      const file = path.join(folder, `pulumi-resource-${name}`);
      const bundle = path.join(folder, "plugin.mjs");
      const script = launcher(bundle, fingerprint);
      if (await isSettled(file, script)) return;
      await mkdir(folder, { recursive: true });
      await writeWhole(bundle, await bundleOf(name));
      // Last: a script that is there says that the bundle is.
      await writeWhole(file, script);
    }),
  );
}

/** Whether a plugin is there that needs nothing done: this very one, or somebody else's. */
async function isSettled(file: string, script: string): Promise<boolean> {
  const present = await stat(file).catch(() => undefined);
  if (!present) return false;
  const text = present.size < LARGEST_SCRIPT ? await readFile(file, "utf8") : "";
  return text === script || !text.startsWith(SIGNATURE);
}

async function bundleOf(name: PluginName): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(REPOSITORY, "local/plugins", name, "main.ts")],
    absWorkingDir: REPOSITORY,
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
    logLevel: "error",
    // Bundled CommonJS packages ask for Node's own modules this way.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return outputFiles[0]?.text ?? "";
}

function launcher(bundle: string, fingerprint: string): string {
  const node = path.join(REPOSITORY, "node_modules/.bin/node");
  return `${SIGNATURE}# From sources ${fingerprint}.\nexec ${quote(node)} ${quote(bundle)} "$@"\n`;
}

async function fingerprintOfSources(): Promise<string> {
  const sources = (await readdir(import.meta.dirname, { recursive: true }))
    .filter((file) => file.endsWith(".ts"))
    .sort();
  const hash = createHash("sha256");
  for (const source of [...sources, path.join(REPOSITORY, "package-lock.json")])
    hash.update(`${path.basename(source)}\0`).update(await readFile(path.resolve(import.meta.dirname, source)));
  return hash.digest("hex").slice(0, 16);
}

/** Writes under another name first: an engine that starts a plugin meanwhile must not read half of it. */
async function writeWhole(file: string, content: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content);
  await chmod(draft, 0o755);
  await rename(draft, file);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
