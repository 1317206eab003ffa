import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = new URL("../../../scripts/dify/migrate.sh", import.meta.url).pathname;
const head = "c3d4e5f6a7b8";
const old = "64b051264f32";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "migrate-"));
});
afterEach(() => rm(folder, { recursive: true }));

/**
 * Runs the migration with a flask that logs as Dify does, keeps the schema's revision in a file, and migrates as told: shell
 * commands that may call \`reach REVISION\`.
 */
async function migrate(
  upgrade: string,
  options: { readonly revision?: string; readonly env?: Record<string, string> } = {},
) {
  const flask = `#!/bin/sh
echo "$*" >>"${folder}/calls"
echo '{"message": "loaded", "revision": "not ${old}"}'
reach() { echo "$1" >"${folder}/revision"; }
case "$*" in
  "db heads") echo "${head} (head)" ;;
  "db current") revision=$(cat "${folder}/revision"); [ -z "$revision" ] || echo "$revision$([ "$revision" != ${head} ] || echo ' (head)')" ;;
  "upgrade-db") ${upgrade} ;;
  "broken") echo "no such table" >&2; exit 3 ;;
esac
`;
  await writeFile(join(folder, "flask"), flask);
  await chmod(join(folder, "flask"), 0o755);
  await writeFile(join(folder, "revision"), options.revision ?? old);
  const result = await execa("sh", [script], {
    env: {
      PATH: `${folder}:${process.env["PATH"]}`,
      MIGRATION: "upgrade-db",
      COMMANDS: "",
      DEADLINE_SECONDS: "2",
      PAUSE_SECONDS: "0.2",
      ...options.env,
    },
    reject: false,
    all: true,
  });
  const calls = (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");
  return { code: result.exitCode, output: result.all, calls };
}

const skipped = 'echo "Database migration skipped"';

describe("the migration", () => {
  it("migrates and proves it", async () => {
    const { code, output } = await migrate(`reach ${head}`);
    expect(output).toContain(`schema is at ${head}`);
    expect(code).toBe(0);
  });

  it("migrates an empty database", async () => expect((await migrate(`reach ${head}`, { revision: "" })).code).toBe(0));

  it("does nothing when the schema is right already", async () => {
    const { code, calls } = await migrate("exit 1", { revision: head });
    expect(code).toBe(0);
    expect(calls).not.toContain("upgrade-db");
  });

  it("fails when flask fails", async () => {
    const { code, output } = await migrate('echo "FATAL: unsupported startup parameter" >&2; exit 1');
    expect(code).toBe(1);
    expect(output).toContain("FATAL: unsupported startup parameter");
    expect(output).toContain("flask upgrade-db failed with 1");
  });

  it("is not fooled by a failure that was swallowed", async () => {
    const { code, output } = await migrate('echo "Failed to execute database migration"; exit 0');
    expect(code).toBe(1);
    expect(output).toContain(`ended with 0, but the schema is not at ${head}`);
  });

  it("waits while somebody else holds the lock, and accepts what they did", async () => {
    const { code, output, calls } = await migrate(
      `if [ -e ${folder}/tried ]; then reach ${head}; else touch ${folder}/tried; ${skipped}; fi`,
    );
    expect(output).toContain("somebody else holds the lock");
    expect(calls.filter((call) => call === "upgrade-db")).toHaveLength(2);
    expect(code).toBe(0);
  });

  it("gives up when the lock is never released", async () => {
    const { code, output } = await migrate(skipped);
    expect(code).toBe(1);
    expect(output).toContain(`the schema is at ${old}, not at ${head}`);
  });

  it("runs further commands once the schema is right, and fails with them", async () => {
    const good = await migrate(`reach ${head}`, {
      env: { COMMANDS: "backfill-plugin-auto-upgrade\ndata-migrate --apply" },
    });
    expect(good.calls.slice(-2)).toEqual(["backfill-plugin-auto-upgrade", "data-migrate --apply"]);
    expect(good.code).toBe(0);
    const bad = await migrate(`reach ${head}`, { env: { COMMANDS: "broken\nnever" } });
    expect(bad.code).toBe(1);
    expect(bad.output).toContain("flask broken failed with 3");
    expect(bad.calls).not.toContain("never");
  });
});
