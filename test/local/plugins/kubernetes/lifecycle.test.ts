import { CoreV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSecret, plain, secret, UNKNOWN, type Properties } from "../../../../local/plugins/protocol/values.ts";
import { clusterTimeout, testCluster, testNamespace, type TestCluster } from "../../../support/cluster.ts";
import { configMap, deployment, service } from "../manifests.ts";
import { PluginProcess, urnOf } from "../pluginProcess.ts";

const maps = urnOf("kubernetes:core/v1:ConfigMap", "settings");
const secrets = urnOf("kubernetes:core/v1:Secret", "keys");
const deployments = urnOf("kubernetes:apps/v1:Deployment", "web");
const services = urnOf("kubernetes:core/v1:Service", "web");

let cluster: TestCluster;
let namespace: string;
let plugin: PluginProcess;
/** Its provider changes data in place and takes over what others own. */
let bold: PluginProcess;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await testNamespace(cluster);
  plugin = await PluginProcess.start("kubernetes", { kubeconfig: cluster.kubeconfig, namespace });
  const options = { enableConfigMapMutable: "true", enableSecretMutable: "true", enablePatchForce: "true" };
  bold = await PluginProcess.start("kubernetes", { kubeconfig: cluster.kubeconfig, namespace, ...options });
}, clusterTimeout);
afterAll(() => Promise.all([plugin.stop(), bold.stop()]));

describe("names", () => {
  it("makes one from the resource's, keeps it, and marks it", async () => {
    const first = await plugin.make(maps, { apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } });
    expect(first.id).toMatch(new RegExp(`^${namespace}/settings-[0-9a-f]{8}$`));
    expect(first.state.metadata).toMatchObject({ annotations: { "pulumi.com/autonamed": "true" } });
    const again = await plugin.check(maps, { apiVersion: "v1", kind: "ConfigMap", data: { a: "2" } }, first.inputs);
    expect(again.metadata).toEqual(first.inputs.metadata);
    expect(await plugin.diff(maps, first, again)).toMatchObject({
      details: { "data.a": "UPDATE_REPLACE" },
      deleteBeforeReplace: false,
    });
  });

  it("puts what names no namespace into the provider's, and leaves what has none alone", async () => {
    expect(await plugin.check(maps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } })).toMatchObject({
      metadata: { namespace },
    });
    const wide = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "x" } };
    expect(await plugin.check(urnOf("kubernetes:storage.k8s.io/v1:StorageClass", "x"), wide)).toEqual(wide);
    const snapshot = { apiVersion: "velero.io/v1", kind: "Backup", metadata: { name: "x" } };
    expect(await plugin.check(urnOf("kubernetes:velero.io/v1:Backup", "x"), snapshot)).toMatchObject({
      metadata: { namespace },
    });
  });

  it("refuses to take over an object that exists, and says what to do", async () => {
    const inputs = configMap(namespace, { name: "taken" }, {});
    await plugin.make(maps, inputs);
    await expect(plugin.make(maps, inputs)).rejects.toThrow(
      `exists already: import it (pulumi import kubernetes:core/v1:ConfigMap settings ${namespace}/taken)`,
    );
  });
});

describe("differences", () => {
  it("shows exactly what changes, and not what is only written differently", async () => {
    const inputs = deployment("diffs", namespace);
    const made = await plugin.make(deployments, inputs);
    expect(await plugin.diff(deployments, made, made.inputs)).toMatchObject({ changed: false });
    const respelled = structuredClone(inputs);
    resources(respelled).requests = { cpu: "1", memory: "65536Ki" };
    expect(await plugin.diff(deployments, made, respelled)).toMatchObject({ changed: false });
    resources(respelled).limits = { memory: "1Gi" };
    expect(await plugin.diff(deployments, made, respelled)).toMatchObject({
      details: { "spec.template.spec.containers[0].resources.limits": "ADD" },
      replaces: [],
    });
  });

  it("replaces on an immutable field, deleting first when the name is fixed", async () => {
    const made = await plugin.make(deployments, deployment("selector", namespace));
    const changed = deployment("selector", namespace);
    (changed.spec as Properties).selector = { matchLabels: { app: "other" } };
    expect(await plugin.diff(deployments, made, changed)).toMatchObject({
      replaces: ["spec.selector.matchLabels.app"],
      deleteBeforeReplace: true,
    });
    expect(await plugin.diff(deployments, made, deployment("renamed", namespace))).toMatchObject({
      deleteBeforeReplace: false,
    });
  });

  it("changes a ConfigMap in place when the provider allows it, unless it is immutable", async () => {
    const made = await bold.make(maps, configMap(namespace, { name: "mutable" }, { a: "1" }));
    const changed = configMap(namespace, { name: "mutable" }, { b: "2" });
    expect(await bold.diff(maps, made, changed)).toMatchObject({
      replaces: [],
      details: { "data.a": "DELETE", "data.b": "ADD" },
    });
    const { state } = await bold.update(maps, made, changed);
    expect(state.data).toEqual({ b: "2" });
    const frozen = await bold.make(maps, {
      ...configMap(namespace, { name: "frozen" }, { a: "1" }),
      immutable: true,
    });
    expect(await bold.diff(maps, frozen, { ...frozen.inputs, data: { a: "2" } })).toMatchObject({
      replaces: ["data.a"],
    });
  });
});

describe("secrets", () => {
  it("seals what a Secret holds, and what came from a secret anywhere else", async () => {
    const made = await plugin.make(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "keys", namespace },
      stringData: { password: "hunter2!" },
    });
    expect(isSecret(made.inputs.stringData) && isSecret(made.state.data)).toBe(true);
    expect(plain(made.state).data).toEqual({ password: Buffer.from("hunter2!").toString("base64") });
    const map = await plugin.make(maps, configMap(namespace, { name: "mixed" }, { open: "1", hidden: secret("2") }));
    expect(map.state.data).toEqual({ open: "1", hidden: secret("2") });
  });

  it("blanks out secrets in the API server's complaints", async () => {
    const inputs = configMap(namespace, { name: secret("Not A Name") }, {});
    await expect(plugin.make(maps, inputs)).rejects.toThrow(/Invalid value: "\[secret\]"/);
  });

  it("removes a key that leaves stringData", async () => {
    const keys = (stringData: Properties) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "fewer", namespace },
      stringData,
    });
    const made = await bold.make(secrets, keys({ a: "1", b: "2" }));
    const { state } = await bold.update(secrets, made, keys({ a: "1" }));
    expect(Object.keys(plain(state).data as Properties)).toEqual(["a"]);
  });
});

describe("drift", () => {
  it("reads what it wrote as unchanged, whatever the server added or respelled", async () => {
    const made = await plugin.make(deployments, deployment("steady", namespace));
    const read = await plugin.read(deployments, made);
    expect(read?.inputs).toEqual(made.inputs);
    expect(read?.id).toBe(`${namespace}/steady`);
  });

  it("sees what others changed in what the program manages, and nothing else", async () => {
    const made = await plugin.make(maps, configMap(namespace, { name: "drifting" }, { ours: "1" }));
    const body = [
      { op: "replace", path: "/data/ours", value: "theirs" },
      { op: "add", path: "/data/added", value: "x" },
    ];
    await cluster.config.makeApiClient(CoreV1Api).patchNamespacedConfigMap({ name: "drifting", namespace, body });
    const read = await plugin.read(maps, made);
    expect(read?.inputs).toEqual({ ...made.inputs, data: { ours: "theirs" } });
    expect(read && (await plugin.diff(maps, read, made.inputs))).toMatchObject({
      details: { "data.ours": "UPDATE_REPLACE" },
    });
  });

  it("knows when an object is gone", async () => {
    const made = await plugin.make(maps, configMap(namespace, { name: "gone" }, {}));
    await plugin.delete(maps, made);
    expect(await plugin.read(maps, made)).toBeUndefined();
    await plugin.delete(maps, made);
  });

  it("imports by id, and the program that declares the same sees no change", async () => {
    const declared = service("imported", namespace, { selector: { app: "nobody" } });
    await plugin.make(services, declared);
    const imported = await plugin.read(services, { id: `${namespace}/imported` });
    expect(imported?.inputs).toMatchObject({ kind: "Service", metadata: { name: "imported", namespace } });
    expect(imported && (await plugin.diff(services, imported, await plugin.check(services, declared)))).toMatchObject({
      changed: false,
    });
  });
});

describe("fields of other managers", () => {
  it("reports a conflict in the API server's words, already in the preview, and takes over on demand", async () => {
    const made = await plugin.make(deployments, deployment("contested", namespace, { replicas: 1 }));
    await bold.update(
      urnOf("kubernetes:apps/v1:Deployment", "other"),
      { ...made, state: { ...made.state, __fieldManager: "autoscaler" } },
      deployment("contested", namespace, { replicas: 2 }),
    );
    const wanted = deployment("contested", namespace, { replicas: 3 });
    const conflict =
      /Apply failed with \d conflicts?: conflicts? with "autoscaler"[\s\S]*\.spec\.replicas[\s\S]*pulumi\.com\/patchForce/;
    await expect(plugin.update(deployments, made, wanted, { preview: true })).rejects.toThrow(conflict);
    await expect(plugin.update(deployments, made, wanted)).rejects.toThrow(conflict);
    const forced = deployment("contested", namespace, {
      replicas: 3,
      annotations: { "pulumi.com/patchForce": "true" },
    });
    expect((await plugin.update(deployments, made, forced)).state.spec).toMatchObject({ replicas: 3 });
  });
});

describe("previews", () => {
  it("tells what is known of a new object, and leaves the rest unknown", async () => {
    const { id, state } = await plugin.create(services, service("planned", namespace, { selector: { app: "x" } }), {
      preview: true,
    });
    expect(id).toBe("");
    expect(state).toMatchObject({
      metadata: { name: "planned" },
      spec: { clusterIP: UNKNOWN, selector: { app: "x" } },
    });
    expect(state).not.toHaveProperty("status");
    expect(await plugin.read(services, { id: `${namespace}/planned` })).toBeUndefined();
  });

  it("finds what the API server would refuse", async () => {
    const wrong = service("wrong", namespace, { ports: [{ name: "http", port: 123456 }] });
    await expect(plugin.create(services, wrong, { preview: true })).rejects.toThrow("must be between 1 and 65535");
  });

  it("waits for what is not there yet", async () => {
    const inputs = configMap("not-made-yet", { name: "early" }, {});
    expect((await plugin.create(maps, inputs, { preview: true })).state).toEqual(inputs);
    const unknown = { ...inputs, data: { from: UNKNOWN } };
    expect((await plugin.create(maps, unknown, { preview: true })).state).toEqual(unknown);
    const custom = { apiVersion: "nobody.example/v1", kind: "Thing", metadata: { name: "x", namespace } };
    expect(
      (await plugin.create(urnOf("kubernetes:nobody.example/v1:Thing", "x"), custom, { preview: true })).state,
    ).toEqual(custom);
  });

  it("passes on the API server's warnings", async () => {
    const endpoints = urnOf("kubernetes:core/v1:Endpoints", "old");
    await plugin.make(endpoints, { apiVersion: "v1", kind: "Endpoints", metadata: { name: "old", namespace } });
    expect(plugin.engine.texts("warning", endpoints)).toContainEqual(
      expect.stringContaining("Endpoints is deprecated"),
    );
  });
});

describe("what is left to the vendor's plugin", () => {
  it.each([
    ["helm", "kubernetes:helm.sh/v3:Release"],
    ["YAML", "kubernetes:yaml/v2:ConfigGroup"],
    ["patches", "kubernetes:apps/v1:DeploymentPatch"],
    ["lists", "kubernetes:core/v1:ConfigMapList"],
  ])("refuses %s with the way out", async (_, type) => {
    await expect(plugin.check(urnOf(type, "x"), {})).rejects.toThrow(
      /not supported by the local plugin: use the official/,
    );
  });

  it("refuses functions and client-side apply", async () => {
    await expect(plugin.invoke("kubernetes:helm:template")).rejects.toThrow("The function kubernetes:helm:template");
    await expect(plugin.configure({ enableServerSideApply: "false" })).rejects.toThrow("without server-side apply");
  });
});

function resources(inputs: Properties): Properties {
  const { spec } = inputs as { spec: { template: { spec: { containers: { resources: Properties }[] } } } };
  return spec.template.spec.containers[0]?.resources ?? {};
}
