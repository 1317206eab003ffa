import { CoreV1Api, KubernetesObjectApi, PatchStrategy, type KubernetesObject } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import { clusterTimeout, deleteNamespaces, testCluster } from "../support/cluster.ts";
import { declareMeshed } from "../support/meshedStack.ts";

/** Of the mesh: an API server takes the objects, no Istio is there to act on them. */
it(
  "what a stack with a mesh renders is accepted by a real API server, field by field",
  async () => {
    const cluster = await testCluster();
    const objects = (await declareMeshed())
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ inputs }) => inputs as KubernetesObject)
      .filter((object) => /istio/.test(JSON.stringify(object)) || object.kind === "Service");
    const core = cluster.config.makeApiClient(CoreV1Api);
    const namespaces = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata?.name ?? "");
    for (const name of namespaces) await core.createNamespace({ body: { metadata: { name } } });
    try {
      const api = cluster.config.makeApiClient(KubernetesObjectApi);
      const refused: string[] = [];
      for (const object of objects)
        await api
          .patch(object, undefined, "All", "mesh-test", true, PatchStrategy.ServerSideApply)
          .catch((error: unknown) =>
            refused.push(`${object.kind} ${object.metadata?.name}: ${(error as Error).message}`),
          );
      expect(refused).toEqual([]);
      expect(objects.length).toBeGreaterThan(25);
    } finally {
      await deleteNamespaces(core, namespaces);
    }
  },
  clusterTimeout,
);
