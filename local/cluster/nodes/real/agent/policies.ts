import type { V1Namespace, V1Pod } from "@kubernetes/client-node";
import type { RealNode } from "../topology.ts";
import { AddressBook } from "./addressBook.ts";
import type { NetworkPolicy } from "./networkPolicy.ts";
import { addressedPods } from "./pods.ts";
import { policyRules } from "./policyRules.ts";
import { networkId, PolicyTable } from "./policyTable.ts";
import { reconciler } from "./reconcile.ts";
import { Watched, type Api } from "./watch.ts";

/** How often it is looked at what the nodes themselves have changed, in milliseconds: a pod's programs start later than that. */
const lookAgain = 100;

/** Holds the nodes' pods to the cluster's NetworkPolicies while this process runs. When it ends the rules stay as they are. */
export function enforcePolicies(api: Api, nodes: readonly RealNode[]): void {
  const guarded = nodes.map((node) => ({ node, table: new PolicyTable(node), book: new AddressBook(node) }));
  const names = new Set(nodes.map(({ name }) => name));

  const change = reconciler(async () => {
    if (![pods, namespaces, policies].every(({ isComplete }) => isComplete)) {
      for (const { table } of guarded) await table.closeIfOpen();
      return;
    }
    const announced = new Map(guarded.flatMap(({ book }) => [...book.read()]));
    const world = {
      // Pods of simulated nodes send nothing.
      pods: addressedPods(
        pods.list().filter(({ spec }) => names.has(spec?.nodeName ?? "")),
        announced,
      ),
      namespaces: new Map(namespaces.list().map(({ metadata }) => [metadata?.name ?? "", metadata?.labels ?? {}])),
    };
    for (const { node, table } of guarded) await table.replace(policyRules(world, policies.list(), node));
  });
  const pods = new Watched<V1Pod>(api, "/api/v1/pods", change);
  const namespaces = new Watched<V1Namespace>(api, "/api/v1/namespaces", change);
  const policies = new Watched<NetworkPolicy>(api, "/apis/networking.k8s.io/v1/networkpolicies", change);

  let seen = "";
  const look = (): void => {
    const now = JSON.stringify(guarded.map(({ node, book }) => [networkId(node), [...book.read()]]));
    if (now === seen) return;
    seen = now;
    change();
  };
  setInterval(look, lookAgain);
}
