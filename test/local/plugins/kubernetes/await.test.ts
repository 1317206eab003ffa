import { CoreV1Api, CustomObjectsApi } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Properties } from "../../../../local/plugins/protocol/values.ts";
import { clusterTimeout, eventually, testCluster, testNamespace, type TestCluster } from "../../../support/cluster.ts";
import { configMap, deployment, job, service } from "../manifests.ts";
import { initErrorOf, PluginProcess, urnOf } from "../pluginProcess.ts";

const maps = urnOf("kubernetes:core/v1:ConfigMap", "held");
const deployments = urnOf("kubernetes:apps/v1:Deployment", "web");
const jobs = urnOf("kubernetes:batch/v1:Job", "migrate");
const services = urnOf("kubernetes:core/v1:Service", "web");
const claims = urnOf("kubernetes:core/v1:PersistentVolumeClaim", "data");
const backups = urnOf("kubernetes:velero.io/v1:Backup", "backup");

const short = { "pulumi.com/timeoutSeconds": "2" };
const hold = { "dify-ha.local/simulate": "hold" };

let cluster: TestCluster;
let namespace: string;
let plugin: PluginProcess;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await testNamespace(cluster);
  plugin = await PluginProcess.start("kubernetes", { kubeconfig: cluster.kubeconfig, namespace });
}, clusterTimeout);
afterAll(() => plugin.stop());

describe("a Deployment", () => {
  it("is made when its rollout is complete", async () => {
    const made = await plugin.make(deployments, deployment("rolled", namespace, { replicas: 3 }));
    expect(made.state.status).toMatchObject({ availableReplicas: 3, updatedReplicas: 3 });
  });

  it("tells how far it is, fails at its time limit with the reason seen, and stays in the state to be tried again", async () => {
    const broken = deployment("broken", namespace, { simulate: "pull-failure", annotations: short });
    const error = await failureOf(plugin.make(deployments, broken));
    expect(error.message).toMatch(
      /is not ready: not ready after 2 s: 0 of 2 replicas available; pod broken-\S+: container main: (ImagePullBackOff|ErrImagePull)/,
    );
    expect(plugin.engine.texts("status", deployments)).toContainEqual(expect.stringMatching(/^0 of 2 replicas/));
    const kept = initErrorOf(error);
    expect(kept).toMatchObject({
      id: `${namespace}/broken`,
      inputs: broken,
      state: { kind: "Deployment", spec: { replicas: 2 } },
    });
    await expect(plugin.read(deployments, kept)).rejects.toThrow("Deployment " + namespace + "/broken is not ready");
    const healed = deployment("broken", namespace, { annotations: { "pulumi.com/timeoutSeconds": "60" } });
    expect((await plugin.update(deployments, kept, healed)).state.status).toMatchObject({ availableReplicas: 2 });
  });

  it("heeds customTimeouts before the annotation, and skipAwait before both", async () => {
    const stuck = { simulate: "hold", annotations: { "pulumi.com/timeoutSeconds": "600" } };
    const error = await failureOf(plugin.make(deployments, deployment("custom", namespace, stuck), { timeout: 1 }));
    expect(error.message).toContain("not ready after 1 s");
    const skipped = { simulate: "hold", annotations: { "pulumi.com/skipAwait": "true" } };
    await plugin.make(deployments, deployment("skipped", namespace, skipped));
  });
});

describe("a Job", () => {
  it("is made when it has completed", async () => {
    const made = await plugin.make(jobs, job("completes", namespace));
    expect(made.state.status).toMatchObject({ succeeded: 1 });
  });

  it("fails at once when it failed, and is made anew if replaceUnready asks for it", async () => {
    const annotations = { "pulumi.com/replaceUnready": "true" };
    const error = await failureOf(plugin.make(jobs, job("fails", namespace, { simulate: "job-failure", annotations })));
    expect(error.message).toMatch(/it failed: .*backoff/i);
    const kept = initErrorOf(error);
    expect(await plugin.diff(jobs, kept, kept.inputs)).toMatchObject({
      replaces: ['metadata.annotations["pulumi.com/replaceUnready"]'],
      deleteBeforeReplace: true,
    });
    const patient = job("fails", namespace, { simulate: "job-failure" });
    expect((await plugin.diff(jobs, kept, patient)).replaces).toEqual([]);
  });
});

describe("addresses and volumes", () => {
  it("waits for a load balancer's address", async () => {
    const made = await plugin.make(
      services,
      service("balanced", namespace, { type: "LoadBalancer", selector: { app: "nobody" } }),
    );
    expect(made.state.status).toMatchObject({ loadBalancer: { ingress: [expect.anything()] } });
    const held = service("held", namespace, { type: "LoadBalancer" }, { ...short, ...hold });
    await expect(plugin.make(services, held)).rejects.toThrow("not ready after 2 s: no load balancer address yet");
  });

  it("waits for an endpoint where pods are, and not where none are", async () => {
    await plugin.make(services, service("nobody", namespace, { selector: { app: "nobody" } }, short));
    await plugin.make(deployments, deployment("served", namespace));
    await plugin.make(services, service("served", namespace, { selector: { app: "served" } }));
    const skip = { "pulumi.com/skipAwait": "true" };
    await plugin.make(deployments, deployment("unready", namespace, { simulate: "hold", annotations: skip }));
    await podsOf("unready");
    const held = service("unready", namespace, { selector: { app: "unready" } }, short);
    await expect(plugin.make(services, held)).rejects.toThrow("none of the pods it selects is ready");
  });

  it("does not wait for a claim that binds with its first pod, but for one that binds at once", async () => {
    const claim = (name: string, storageClassName?: string, annotations: Properties = {}) => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace, annotations },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        ...(storageClassName && { storageClassName }),
      },
    });
    const waits = await plugin.make(claims, claim("first-consumer"));
    expect(waits.state.status).toMatchObject({ phase: "Pending" });
    await plugin.make(urnOf("kubernetes:storage.k8s.io/v1:StorageClass", "sc"), {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: `nobody-${namespace}` },
      provisioner: "nobody.example/none",
      volumeBindingMode: "Immediate",
    });
    await expect(plugin.make(claims, claim("immediate", `nobody-${namespace}`, short))).rejects.toThrow(
      "not ready after 2 s: phase Pending",
    );
  });
});

describe("pulumi.com/waitFor", () => {
  const backup = (name: string, waitFor: string): Properties => ({
    apiVersion: "velero.io/v1",
    kind: "Backup",
    metadata: { name, namespace, annotations: { "pulumi.com/waitFor": waitFor, "pulumi.com/timeoutSeconds": "30" } },
    spec: {},
  });

  it("waits for the values that a custom resource is to have", async () => {
    const made = plugin.make(
      backups,
      backup("awaited", '["jsonpath={.status.phase}=Completed", "jsonpath={.status.version}"]'),
    );
    await eventually(
      () => Promise.resolve(plugin.engine.texts("status", backups)),
      (texts) => texts.length > 0,
    );
    expect(plugin.engine.texts("status", backups)[0]).toBe(
      "waiting for jsonpath={.status.phase}=Completed (found none); waiting for jsonpath={.status.version} (found none)",
    );
    const body = [{ op: "add", path: "/status", value: { phase: "Completed", version: 1 } }];
    const at = { group: "velero.io", version: "v1", namespace, plural: "backups", name: "awaited" };
    await cluster.config.makeApiClient(CustomObjectsApi).patchNamespacedCustomObject({ ...at, body });
    expect((await made).state.status).toMatchObject({ phase: "Completed" });
  });

  it("refuses what it cannot read before anything is made", async () => {
    await expect(plugin.check(backups, backup("wrong", "phase=Completed"))).rejects.toThrow(
      "must be condition=TYPE[=STATUS] or jsonpath",
    );
  });
});

describe("deletion", () => {
  it("waits until the object is gone, and names what holds it when time is up", async () => {
    const inputs = configMap(namespace, { name: "finalized", finalizers: ["dify-ha.local/keep"] }, {});
    const made = await plugin.make(maps, inputs);
    await expect(plugin.delete(maps, made, { timeout: 1 })).rejects.toThrow(
      `ConfigMap ${namespace}/finalized is still there, held by the finalizers dify-ha.local/keep after 1 s`,
    );
    const body = [{ op: "remove", path: "/metadata/finalizers" }];
    await cluster.config.makeApiClient(CoreV1Api).patchNamespacedConfigMap({ name: "finalized", namespace, body });
    await plugin.delete(maps, made);
    expect(await plugin.read(maps, made)).toBeUndefined();
  });

  it("takes a Deployment's pods with it", async () => {
    const made = await plugin.make(deployments, deployment("leaves", namespace));
    await plugin.delete(deployments, made);
    const { items } = await cluster.config
      .makeApiClient(CoreV1Api)
      .listNamespacedPod({ namespace, labelSelector: "app=leaves" });
    expect(items).toEqual([]);
  });
});

describe("cancellation", () => {
  it("ends a wait and keeps what was made", async () => {
    const cancelled = await PluginProcess.start("kubernetes", { kubeconfig: cluster.kubeconfig, namespace });
    const made = failureOf(cancelled.make(deployments, deployment("cancelled", namespace, { simulate: "hold" })));
    await eventually(
      () => Promise.resolve(cancelled.engine.texts("status")),
      (texts) => texts.length > 0,
    );
    await cancelled.cancel();
    const error = await made;
    expect(error.message).toContain("the operation was cancelled");
    expect(initErrorOf(error).id).toBe(`${namespace}/cancelled`);
    await cancelled.stop();
  });
});

async function podsOf(app: string): Promise<void> {
  const api = cluster.config.makeApiClient(CoreV1Api);
  await eventually(
    async () => (await api.listNamespacedPod({ namespace, labelSelector: `app=${app}` })).items.length,
    (count) => count > 0,
  );
}

function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error("it should have failed")),
    (error: unknown) => error as Error,
  );
}
