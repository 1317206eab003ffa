import { mkdtemp, chmod, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AuthorizationV1Api,
  CoreV1Api,
  KubernetesObjectApi,
  type KubernetesObject,
  type V1ResourceAttributes,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterTimeout, testCluster, testNamespace, type TestCluster } from "../../support/cluster.ts";
import { startInDebian, usesDebian } from "../../support/debian.ts";
import { withAccount } from "../../support/podAccount.ts";
import { containerProgram, podSpec } from "../../support/renderedPod.ts";
import { declareMonitoring } from "./bundledSample.ts";

usesDebian();

const areas = ["app", "data", "sandbox", "drills"] as const;

/** Accounts with their rights, and the look-up of kubelets, as the program declares them, at a real API server. */
describe("what asks the cluster", { timeout: 60_000 }, () => {
  const declared = declareMonitoring();
  const clusterWide: KubernetesObject[] = [];
  let cluster: TestCluster;
  let namespaces: Record<(typeof areas)[number], string>;

  beforeAll(async () => {
    cluster = await testCluster();
    const made = await Promise.all(areas.map(async (area) => [area, await testNamespace(cluster)] as const));
    namespaces = Object.fromEntries(made) as typeof namespaces;
    const api = cluster.config.makeApiClient(KubernetesObjectApi);
    const kinds = /^(ServiceAccount|(Cluster)?Role(Binding)?)$/;
    for (const { inputs } of (await declared).filter((each) => kinds.test(String(each.inputs["kind"])))) {
      const here = JSON.stringify(inputs)
        .replaceAll('"dify"', `"${namespaces.app}"`)
        .replaceAll(
          /"dify-(data|sandbox|drills)"/g,
          (_, area: "data" | "sandbox" | "drills") => `"${namespaces[area]}"`,
        );
      const object = JSON.parse(here) as KubernetesObject;
      await api.create(object);
      if (object.kind?.startsWith("Cluster")) clusterWide.push(object);
    }
  }, clusterTimeout);
  afterAll(async () => {
    for (const object of clusterWide) await cluster.config.makeApiClient(KubernetesObjectApi).delete(object);
  });

  it("writes where each node's kubelet is, for Prometheus to read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "targets-"));
    await chmod(folder, 0o777);
    const rendered = containerProgram(await declared, podSpec(await declared, "StatefulSet", "prometheus"), "kubelets");
    const program = await withAccount(cluster, namespaces.data, "prometheus", {
      ...rendered,
      folders: { "/targets": folder },
    });
    const running = startInDebian(program);
    try {
      await running.printed(/kubelets: \d+ nodes/);
      const written = JSON.parse(await readFile(join(folder, "kubelets.json"), "utf8")) as unknown;
      const { items } = await cluster.config.makeApiClient(CoreV1Api).listNode();
      const addressOf = (all: readonly { type: string; address: string }[] = []) =>
        all.find(({ type }) => type === "InternalIP")?.address;
      expect(items.length).toBeGreaterThan(2);
      expect(written).toEqual(
        items.map(({ metadata, status }) => ({
          // Simulated nodes name port 0.
          targets: [`${addressOf(status?.addresses)}:10250`],
          labels: { node: metadata?.name },
        })),
      );
    } finally {
      await running.stop();
      await rm(folder, { recursive: true });
    }
  });

  const may = async (account: string, attributes: V1ResourceAttributes): Promise<boolean> => {
    const user = `system:serviceaccount:${namespaces.data}:${account}`;
    const spec = { user, resourceAttributes: attributes };
    const { status } = await cluster.config
      .makeApiClient(AuthorizationV1Api)
      .createSubjectAccessReview({ body: { spec } });
    return status?.allowed ?? false;
  };

  it("may see pods and jobs of the stack, and nodes, and nothing else", async () => {
    const here = namespaces.app;
    const asked: [boolean, V1ResourceAttributes][] = [
      [true, { verb: "watch", resource: "pods", namespace: here }],
      [true, { verb: "list", resource: "cronjobs", group: "batch", namespace: namespaces.drills }],
      [true, { verb: "watch", resource: "nodes" }],
      [false, { verb: "list", resource: "pods", namespace: "kube-system" }],
      [false, { verb: "list", resource: "secrets", namespace: here }],
      [false, { verb: "delete", resource: "pods", namespace: here }],
    ];
    for (const [allowed, attributes] of asked)
      expect(await may("kube-state-metrics", attributes), JSON.stringify(attributes)).toBe(allowed);
  });

  it("reads metrics of kubelets, and runs nothing through them", async () => {
    expect(await may("prometheus", { verb: "get", resource: "nodes", subresource: "metrics" })).toBe(true);
    expect(await may("prometheus", { verb: "get", resource: "nodes", subresource: "proxy" })).toBe(false);
    expect(await may("prometheus", { verb: "list", resource: "pods", namespace: namespaces.data })).toBe(false);
  });
});
