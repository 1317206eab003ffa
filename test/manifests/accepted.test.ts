import { readFileSync } from "node:fs";
import {
  CoreV1Api,
  KubernetesObjectApi,
  PatchStrategy,
  type KubernetesObject,
  type V1PodSpec,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterTimeout, deleteNamespaces, testCluster, type TestCluster } from "../support/cluster.ts";
import type { Declared } from "../support/mocks.ts";
import { environments, type Environment } from "../support/stack.ts";

/** What the program asks the cluster for, out of the golden list. */
function manifests(environment: Environment): KubernetesObject[] {
  const text = readFileSync(new URL(`../golden/${environment}.json`, import.meta.url), "utf8");
  const resources = JSON.parse(text) as Declared[];
  return resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => inputs as KubernetesObject)
    .filter(({ kind }) => kind !== undefined);
}

/** Name of an object as kubectl would say it. */
const nameOf = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata?.namespace ?? ""}/${metadata?.name}`;

describe.each(environments)("what stack %s renders", (environment) => {
  let cluster: TestCluster;
  const objects = manifests(environment);

  beforeAll(async () => {
    cluster = await testCluster();
    // A dry run needs the namespaces that the objects go into.
    const core = cluster.config.makeApiClient(CoreV1Api);
    for (const body of objects.filter(({ kind }) => kind === "Namespace"))
      await core.createNamespace({ body: { metadata: { name: body.metadata?.name ?? "" } } });
  }, clusterTimeout);

  // Other suites share the cluster, and make namespaces of these names themselves.
  afterAll(async () => {
    const core = cluster.config.makeApiClient(CoreV1Api);
    const names = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata?.name ?? "");
    await deleteNamespaces(core, names);
  }, clusterTimeout);

  it("is accepted by a real API server, field by field", async () => {
    const api = cluster.config.makeApiClient(KubernetesObjectApi);
    const refused: string[] = [];
    for (const object of objects)
      await api
        .patch(object, undefined, "All", "manifests-test", true, PatchStrategy.ServerSideApply)
        .catch((error: unknown) => refused.push(`${nameOf(object)}: ${(error as Error).message}`));
    expect(refused).toEqual([]);
    expect(objects.length).toBeGreaterThan(50);
  });

  it("runs no pod that its namespace's Pod Security level forbids", async () => {
    const levels = new Map(
      objects.filter((o) => o.kind === "Namespace").map((o) => [o.metadata?.name, o.metadata?.labels]),
    );
    const core = cluster.config.makeApiClient(CoreV1Api);
    const refused: string[] = [];
    for (const [name, labels] of levels)
      if (name) await core.patchNamespace({ name, body: [{ op: "add", path: "/metadata/labels", value: labels }] });
    for (const object of objects) {
      const template = podTemplateOf(object);
      const namespace = object.metadata?.namespace;
      if (!template || !namespace) continue;
      const pod = {
        metadata: { name: "trial", namespace, labels: template.metadata.labels },
        spec: podSpec(template.spec),
      };
      await core
        .createNamespacedPod({ namespace, body: pod, dryRun: "All" })
        .catch((error: unknown) => refused.push(`${nameOf(object)}: ${(error as Error).message}`));
    }
    expect(refused).toEqual([]);
  });
});

interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: V1PodSpec;
}

/** Template of the pods that an object makes, if it makes any; those of Velero's Schedules are of backups. */
function podTemplateOf(object: KubernetesObject): PodTemplate | undefined {
  const { spec } = object as {
    spec?: { template?: Partial<PodTemplate>; jobTemplate?: { spec: { template: PodTemplate } } };
  };
  const template = spec?.jobTemplate?.spec.template ?? spec?.template;
  return template?.spec && "containers" in template.spec ? (template as PodTemplate) : undefined;
}

/** The pod by itself: claims, accounts and priority classes are made by others, who are not there in a dry run. */
function podSpec(spec: V1PodSpec): V1PodSpec {
  const mounts = [...spec.containers, ...(spec.initContainers ?? [])].flatMap((c) => c.volumeMounts ?? []);
  const pod: V1PodSpec = {
    ...spec,
    volumes: [...new Set(mounts.map(({ name }) => name))].map((name) => ({ name, emptyDir: {} })),
  };
  delete pod.priorityClassName;
  delete pod.serviceAccountName;
  return pod;
}
