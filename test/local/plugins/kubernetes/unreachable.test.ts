import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PluginProcess, urnOf } from "../pluginProcess.ts";
import { configMap } from "../manifests.ts";

const maps = urnOf("kubernetes:core/v1:ConfigMap", "settings");
const inputs = configMap("ns", { name: "settings" }, { a: "1" });

let server: string;
beforeAll(async () => (server = `https://127.0.0.1:${await freePort()}`));

describe("a cluster that does not answer", () => {
  let plugin: PluginProcess;
  beforeAll(async () => (plugin = await PluginProcess.start("kubernetes", { kubeconfig: kubeconfig(server) })), 60_000);
  afterAll(() => plugin.stop());

  it("does not stop a preview, which says once that nothing was looked at", async () => {
    for (const name of ["one", "two", "three"]) {
      const urn = urnOf("kubernetes:core/v1:ConfigMap", name);
      const checked = await plugin.check(urn, inputs);
      expect((await plugin.create(urn, checked, { preview: true })).state).toEqual(checked);
    }
    const old = { id: "ns/settings", inputs, state: inputs };
    expect(await plugin.diff(maps, old, configMap("ns", { name: "settings" }, { a: "2" }))).toMatchObject({
      replaces: ["data.a"],
    });
    expect(plugin.engine.texts("warning")).toEqual([
      expect.stringContaining(`the cluster at ${server} cannot be reached`),
    ]);
  });

  it("fails an update with its address and the reason", async () => {
    await expect(plugin.create(maps, inputs)).rejects.toThrow(
      `the cluster at ${server} cannot be reached: connect ECONNREFUSED`,
    );
  });
});

describe("a kubeconfig that leads nowhere", () => {
  it.each([
    ["a missing file", { kubeconfig: "/nowhere/kubeconfig" }, "no such file or directory, open '/nowhere/kubeconfig'"],
    [
      "an unknown context",
      { kubeconfig: kubeconfig("https://127.0.0.1:1"), context: "prod" },
      'the kubeconfig has no context "prod"',
    ],
    ["none at all", {}, ".kube/config"],
  ])("%s fails the update, not the start", async (_, config, message) => {
    const home = await mkdtemp(path.join(tmpdir(), "no-kubeconfig-"));
    const plugin = await PluginProcess.start("kubernetes", config, { KUBECONFIG: undefined, HOME: home });
    try {
      await expect(plugin.create(maps, inputs)).rejects.toThrow(message);
      expect((await plugin.create(maps, inputs, { preview: true })).state).toEqual(inputs);
    } finally {
      await plugin.stop();
      await rm(home, { recursive: true });
    }
  });
});

function kubeconfig(address: string): string {
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server: address } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "ctx", context: { cluster: "c", user: "u" } }],
    "current-context": "ctx",
  });
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
