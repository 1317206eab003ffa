import type { V1Namespace, V1Pod } from "@kubernetes/client-node";
import type { RealNode } from "../topology.ts";
import type { NetworkPolicy } from "./networkPolicy.ts";
import { addressedPods } from "./pods.ts";
import { policyRules } from "./policyRules.ts";
import { PolicyTable } from "./policyTable.ts";
import { reconciler } from "./reconcile.ts";
import { Watched, type Api } from "./watch.ts";

/** A node whose network was made or made anew gets its rules after at most this time, in milliseconds. */
const lookAgain = 1000;

/** Holds the nodes' pods to the cluster's NetworkPolicies while this process runs. When it ends the rules stay as they are. */
export function enforcePolicies(api: Api, nodes: readonly RealNode[]): void {
  const names = new Set(nodes.map(({ name }) => name));
  const tables = new Map(nodes.map((node) => [node.name, new PolicyTable(node)]));

  const change = reconciler(async () => {
    const isComplete = [pods, namespaces, policies].every((watched) => watched.isComplete);
    const world = {
      // Pods of simulated nodes send nothing.
      pods: addressedPods(
        pods.list().filter(({ spec }) => names.has(spec?.nodeName ?? "")),
        new Map(),
      ),
      namespaces: new Map(namespaces.list().map(({ metadata }) => [metadata?.name ?? "", metadata?.labels ?? {}])),
    };
    for (const node of nodes) {
      const table = tables.get(node.name);
      if (isComplete) await table?.replace(policyRules(world, policies.list(), node));
      else await table?.closeIfOpen();
    }
  });
  const pods = new Watched<V1Pod>(api, "/api/v1/pods", change);
  const namespaces = new Watched<V1Namespace>(api, "/api/v1/namespaces", change);
  const policies = new Watched<NetworkPolicy>(api, "/apis/networking.k8s.io/v1/networkpolicies", change);
  setInterval(change, lookAgain);
  change();
}
