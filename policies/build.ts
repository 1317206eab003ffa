import { chmod, writeFile } from "node:fs/promises";
import { build } from "esbuild";

/**
 * Compiles the pack to one file, so that it starts at once and without type checks:
 * `bin/index.cjs` for `--policy-pack policies` with the official language host, `bin/pack` as an executable for everything else.
 */
const here = new URL(".", import.meta.url);

await build({
  entryPoints: [new URL("index.ts", here).pathname],
  outfile: new URL("bin/index.cjs", here).pathname,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  minifySyntax: true,
  // The SDK reaches for these only to serialize functions and to install packages.
  external: ["typescript", "ts-node", "node-gyp"],
  logOverride: { "require-resolve-not-external": "silent" },
  logLevel: "warning",
});

const launcher = `#!/bin/sh
# Starts the pack; the engine gives its address as the one argument and reads the port from the first line of the output.
set -eu
cd "$(dirname "$0")/.."
if [ -x ../node_modules/.bin/node ]; then exec ../node_modules/.bin/node bin/index.cjs "$@"; fi
exec node bin/index.cjs "$@"
`;
const pack = new URL("bin/pack", here);
await writeFile(pack, launcher);
await chmod(pack, 0o755);
