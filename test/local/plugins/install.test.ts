import { execFile } from "node:child_process";
import { access, appendFile, constants, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPlugins } from "../../../local/plugins/install.ts";
import { PLUGIN_NAMES, pluginVersion } from "../../../local/plugins/protocol/version.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "pulumi-home-"));
  await installPlugins(home);
}, 60_000);
afterAll(() => rm(home, { recursive: true }));

const fileOf = (name: (typeof PLUGIN_NAMES)[number]) =>
  path.join(home, "plugins", `resource-${name}-v${pluginVersion(name)}`, `pulumi-resource-${name}`);

describe("installed plugins", { timeout: 60_000 }, () => {
  it("lie where the engine looks for the versions of the npm packages", async () => {
    for (const name of PLUGIN_NAMES) await access(fileOf(name), constants.X_OK);
    const { dependencies } = JSON.parse(await readFile("package.json", "utf8")) as {
      dependencies: Record<string, string>;
    };
    for (const name of PLUGIN_NAMES) expect(pluginVersion(name)).toBe(dependencies[`@pulumi/${name}`]);
  });

  it("start from any folder and end with the process that started them", async () => {
    const shell = execFile("/bin/sh", ["-c", `'${fileOf("random")}' 127.0.0.1:1 & echo "pid $!"; wait`], { cwd: "/" });
    const lines: string[] = [];
    if (!shell.stdout) throw new Error("no output");
    for await (const line of createInterface(shell.stdout)) {
      lines.push(line);
      if (lines.length === 2) break;
    }
    expect(lines).toContainEqual(expect.stringMatching(/^\d+$/));
    const pid = Number(/^pid (\d+)$/m.exec(lines.join("\n"))?.[1]);
    expect(isRunning(pid)).toBe(true);
    shell.kill("SIGKILL");
    await once(shell, "exit");
    await expect.poll(() => isRunning(pid), { timeout: 15_000 }).toBe(false);
  });

  it("are made again when they are not those of the sources", async () => {
    const script = await readFile(fileOf("random"), "utf8");
    await appendFile(fileOf("random"), "# older\n");
    await installPlugins(home);
    expect(await readFile(fileOf("random"), "utf8")).toBe(script);
  });

  it("are left alone when they are there already, also the vendor's", async () => {
    await writeFile(fileOf("tls"), "the vendor's");
    const { mtimeMs } = await stat(fileOf("random"));
    await installPlugins(home);
    expect((await stat(fileOf("random"))).mtimeMs).toBe(mtimeMs);
    expect(await readFile(fileOf("tls"), "utf8")).toBe("the vendor's");
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
