import {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  NetworkingV1Api,
  PatchStrategy,
  setHeaderOptions,
  StorageV1Api,
  type V1Pod,
  type V1PodTemplateSpec,
} from "@kubernetes/client-node";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { clusterTimeout, eventually, testCluster, testNamespace, type TestCluster } from "../../support/cluster.ts";

vi.setConfig({ testTimeout: clusterTimeout });

let cluster: TestCluster;
let namespace: string;
let core: CoreV1Api;
let apps: AppsV1Api;
let batch: BatchV1Api;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await testNamespace(cluster);
  core = cluster.config.makeApiClient(CoreV1Api);
  apps = cluster.config.makeApiClient(AppsV1Api);
  batch = cluster.config.makeApiClient(BatchV1Api);
}, clusterTimeout);

function template(app: string, spec: Partial<V1PodTemplateSpec["spec"]> = {}, simulate?: string): V1PodTemplateSpec {
  const annotations = simulate === undefined ? {} : { "dify-ha.local/simulate": simulate };
  const containers = [{ name: "main", image: "example.com/main:1" }];
  return { metadata: { labels: { app }, annotations }, spec: { containers, ...spec } };
}
const podsOf = async (app: string): Promise<V1Pod[]> =>
  (await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` })).items;
const zoneOf = (pod: V1Pod): string => /^node-([abc])/.exec(pod.spec?.nodeName ?? "")?.[1] ?? "none";
const waitingReason = (pod: V1Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason;

describe("pods on simulated nodes", () => {
  it("of a Deployment are spread over zones and become ready", async () => {
    const selector = { matchLabels: { app: "spread" } };
    const topologySpreadConstraints = [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: selector,
      },
    ];
    const spec = { replicas: 6, selector, template: template("spread", { topologySpreadConstraints }) };
    await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: "spread" }, spec } });
    await eventually(
      async () => (await apps.readNamespacedDeployment({ namespace, name: "spread" })).status?.availableReplicas,
      (available) => available === 6,
    );
    const pods = await podsOf("spread");
    expect(pods.map(zoneOf).sort()).toEqual(["a", "a", "b", "b", "c", "c"]);
    expect(new Set(pods.map((pod) => pod.status?.podIP)).size).toBe(6);
  });

  it("of a Job complete", async () => {
    const spec = { template: template("job", { restartPolicy: "Never" }) };
    await batch.createNamespacedJob({ namespace, body: { metadata: { name: "job" }, spec } });
    await eventually(
      async () => (await batch.readNamespacedJob({ namespace, name: "job" })).status,
      (status) => status?.succeeded === 1 && status.completionTime !== undefined,
    );
  });

  it("of a Job fail when they are asked to", async () => {
    const spec = { backoffLimit: 0, template: template("bad-job", { restartPolicy: "Never" }, "job-failure") };
    await batch.createNamespacedJob({ namespace, body: { metadata: { name: "bad-job" }, spec } });
    await eventually(
      async () => (await batch.readNamespacedJob({ namespace, name: "bad-job" })).status?.conditions,
      (conditions) => conditions?.some(({ type, status }) => type === "Failed" && status === "True") ?? false,
    );
  });

  it.each([
    ["hold", "Pending", undefined],
    ["pull-failure", "Pending", "ImagePullBackOff"],
    ["crash", "Running", "CrashLoopBackOff"],
  ])("asked to %s are not ready until the annotation goes", async (simulate, phase, reason) => {
    await core.createNamespacedPod({
      namespace,
      body: {
        ...template(simulate, {}, simulate),
        metadata: { name: simulate, labels: { app: simulate }, annotations: { "dify-ha.local/simulate": simulate } },
      },
    });
    const read = async (): Promise<V1Pod | undefined> => (await podsOf(simulate))[0];
    const isReady = (pod: V1Pod | undefined): boolean =>
      pod?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
    const failing = await eventually(
      read,
      (pod) => pod?.spec?.nodeName !== undefined && pod.status?.phase === phase && waitingReason(pod) === reason,
    );
    expect(isReady(failing)).toBe(false);
    await core.patchNamespacedPod(
      { namespace, name: simulate, body: { metadata: { annotations: { "dify-ha.local/simulate": null } } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
    await eventually(read, isReady);
  });

  it("are refused where the namespace's Pod Security level forbids them", async () => {
    const strict = await testNamespace(cluster, { "pod-security.kubernetes.io/enforce": "restricted" });
    const body = { ...template("root"), metadata: { name: "root" } };
    await expect(core.createNamespacedPod({ namespace: strict, body })).rejects.toThrow(/violates PodSecurity/);
  });

  it("go when they are deleted", async () => {
    await core.createNamespacedPod({
      namespace,
      body: { ...template("short"), metadata: { name: "short", labels: { app: "short" } } },
    });
    await eventually(
      () => podsOf("short"),
      ([pod]) => pod?.status?.phase === "Running",
    );
    await core.deleteNamespacedPod({ namespace, name: "short" });
    await eventually(
      () => podsOf("short"),
      (pods) => pods.length === 0,
    );
  });
});

describe("volumes", () => {
  const claim = (storageClassName?: string) => ({
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Gi" } },
    ...(storageClassName && { storageClassName }),
  });

  it("of a StatefulSet are bound in the zones of their pods", async () => {
    const spec = {
      serviceName: "data",
      replicas: 3,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: { app: "data" } },
      template: template("data"),
      volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim() }],
    };
    await apps.createNamespacedStatefulSet({ namespace, body: { metadata: { name: "data" }, spec } });
    await eventually(
      async () => (await apps.readNamespacedStatefulSet({ namespace, name: "data" })).status?.readyReplicas,
      (ready) => ready === 3,
    );
    for (const pod of await podsOf("data")) {
      const name = `data-${pod.metadata?.name}`;
      const bound = await core.readNamespacedPersistentVolumeClaim({ namespace, name });
      expect(bound.status?.phase).toBe("Bound");
      const volume = await core.readPersistentVolume({ name: bound.spec?.volumeName ?? "" });
      const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions;
      expect(terms?.[0]?.values).toEqual([zoneOf(pod)]);
    }
  });

  it("wait for a pod in the default class, but not in an Immediate one", async () => {
    const name = `immediate-${namespace}`;
    const storage = cluster.config.makeApiClient(StorageV1Api);
    await storage.createStorageClass({
      body: { metadata: { name }, provisioner: "dify-ha.local/volumes", volumeBindingMode: "Immediate" },
    });
    const phase = async (claimName: string) =>
      (await core.readNamespacedPersistentVolumeClaim({ namespace, name: claimName })).status?.phase;
    await core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: { metadata: { name: "late" }, spec: claim() },
    });
    await core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: { metadata: { name: "now" }, spec: claim(name) },
    });
    await eventually(
      () => phase("now"),
      (found) => found === "Bound",
    );
    expect(await phase("late")).toBe("Pending");

    const bound = await core.readNamespacedPersistentVolumeClaim({ namespace, name: "now" });
    await core.deleteNamespacedPersistentVolumeClaim({ namespace, name: "now" });
    await eventually(
      async () => (await core.listPersistentVolume()).items.map(({ metadata }) => metadata?.name),
      (volumes) => !volumes.includes(bound.spec?.volumeName),
    );
  });
});

describe("addresses", () => {
  const ports = [{ name: "http", port: 80 }];

  it("are given to load balancers, not to other Services", async () => {
    const create = (name: string, type: string, annotations = {}) =>
      core.createNamespacedService({ namespace, body: { metadata: { name, annotations }, spec: { type, ports } } });
    await Promise.all([
      create("balancer", "LoadBalancer"),
      create("internal", "ClusterIP"),
      create("held", "LoadBalancer", { "dify-ha.local/simulate": "hold" }),
    ]);
    const addressOf = async (name: string) =>
      (await core.readNamespacedService({ namespace, name })).status?.loadBalancer?.ingress;
    expect(await eventually(() => addressOf("balancer"), Boolean)).toMatchObject([{ ip: "192.0.2.10" }]);
    expect(await Promise.all([addressOf("internal"), addressOf("held")])).toEqual([undefined, undefined]);
  });

  it("are given to an Ingress, whose class is the default one", async () => {
    const networking = cluster.config.makeApiClient(NetworkingV1Api);
    const defaultBackend = { service: { name: "balancer", port: { name: "http" } } };
    await networking.createNamespacedIngress({
      namespace,
      body: { metadata: { name: "web" }, spec: { defaultBackend } },
    });
    const ingress = await eventually(
      () => networking.readNamespacedIngress({ namespace, name: "web" }),
      ({ status }) => status?.loadBalancer?.ingress !== undefined,
    );
    expect(ingress.spec?.ingressClassName).toBe("standard");
  });
});
