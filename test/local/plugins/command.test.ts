import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSecret, plain, secret } from "../../../local/plugins/protocol/values.ts";
import { eventually } from "../../support/cluster.ts";
import { PluginProcess, urnOf } from "./pluginProcess.ts";

const urn = urnOf("command:local:Command", "c");
const remote = urnOf("command:remote:Command", "r");

let plugin: PluginProcess;
let folder: string;
beforeAll(async () => {
  plugin = await PluginProcess.start("command");
  folder = await mkdtemp(path.join(tmpdir(), "command-plugin-"));
}, 60_000);
afterAll(async () => {
  await plugin.stop();
  await rm(folder, { recursive: true });
});

describe("a local command", () => {
  it("runs with its input, variables and folder, and keeps what it wrote", async () => {
    const made = await plugin.make(urn, {
      create: 'cat; pwd; echo "$WHO" >&2',
      stdin: "in ",
      environment: { WHO: "me" },
      dir: folder,
    });
    expect(made.state).toMatchObject({ stdout: `in ${folder}`, stderr: "me" });
    expect(plugin.engine.texts("info", urn)).toEqual(expect.arrayContaining([`in ${folder}`, "me"]));
  });

  it("uses the interpreter it is given", async () => {
    const made = await plugin.make(urn, {
      create: "process.stdout.write(String(6 * 7))",
      interpreter: [process.execPath, "-e"],
    });
    expect(made.state.stdout).toBe("42");
  });

  it("runs update on a change, with what it wrote before, and create when there is no update", async () => {
    const made = await plugin.make(urn, { create: "echo one" });
    const inputs = { create: "echo one", update: 'echo "$PULUMI_COMMAND_STDOUT two"' };
    expect(await plugin.diff(urn, made, inputs)).toMatchObject({ details: { update: "ADD" }, replaces: [] });
    const updated = await plugin.update(urn, made, inputs);
    expect(updated.state.stdout).toBe("one two");
    expect((await plugin.update(urn, updated, { create: "echo anew" })).state.stdout).toBe("anew");
  });

  it("is made anew when a trigger changes", async () => {
    const made = await plugin.make(urn, { create: "true", triggers: ["1"] });
    expect(await plugin.diff(urn, made, { create: "true", triggers: ["2"] })).toMatchObject({
      replaces: ["triggers[0]"],
    });
  });

  it("runs nothing in a preview, and delete at the end", async () => {
    const trace = path.join(folder, "trace");
    await writeFile(trace, "");
    const inputs = { create: `echo made >> ${trace}`, delete: `echo gone >> ${trace}` };
    await plugin.create(urn, inputs, { preview: true });
    await plugin.delete(urn, await plugin.make(urn, inputs));
    expect(await readFile(trace, "utf8")).toBe("made\ngone\n");
  });

  it("fails with exit code and last words, without a secret it was given", async () => {
    const failing = plugin.make(urn, {
      create: 'echo "token is $TOKEN" >&2; exit 3',
      environment: { TOKEN: secret("s3cr3t!") },
    });
    await expect(failing).rejects.toThrow("exit code 3: token is [secret]");
  });

  it("keeps what may repeat a secret secret, and off the screen", async () => {
    const quiet = urnOf("command:local:Command", "quiet");
    const made = await plugin.make(quiet, { create: "cat", stdin: secret("s3cr3t!") });
    expect([isSecret(made.state.stdout), plain(made.state).stdout]).toEqual([true, "s3cr3t!"]);
    expect(plugin.engine.texts("info", quiet)).toEqual([]);
  });

  it("ends when the operation is cancelled", async () => {
    const other = await PluginProcess.start("command");
    const running = other.make(urn, { create: "echo started; sleep 600; true" });
    const outcome = expect(running).rejects.toThrow("the operation was cancelled");
    await eventually(
      () => Promise.resolve(other.engine.texts("info")),
      (texts) => texts.includes("started"),
    );
    await other.cancel();
    await outcome;
    await other.stop();
  });

  it("says that assets need the official plugin", async () => {
    await expect(plugin.check(urn, { create: "true", assetPaths: ["*"] })).rejects.toThrow("assetPaths");
  });
});

describe("a remote command", () => {
  it("reports a host that does not answer, after the tries it was given", async () => {
    const connection = { host: "127.0.0.1", port: 1, dialErrorLimit: 1, perDialTimeout: 2 };
    await expect(plugin.make(remote, { connection, create: "true" })).rejects.toThrow(
      /exit code 255.*Connection refused/s,
    );
  });
});
