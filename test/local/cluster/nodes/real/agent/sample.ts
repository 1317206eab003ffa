import type { V1Pod, V1PodSpec, V1PodStatus } from "@kubernetes/client-node";
import type { NetworkPolicy } from "../../../../../../local/cluster/nodes/real/agent/networkPolicy.ts";
import type { AddressedPod } from "../../../../../../local/cluster/nodes/real/agent/pods.ts";
import type { PolicyWorld } from "../../../../../../local/cluster/nodes/real/agent/allowedPackets.ts";

export const node = { name: "server-a1", podCidr: "10.245.1.0/24" } as const;

/** A pod of namespace "data" on the node, labelled and named by its app, unless said otherwise. */
export function pod(app: string, address: string, more: Partial<AddressedPod> = {}): AddressedPod {
  return { namespace: "data", name: app, labels: { app }, node: node.name, address, ports: [], ...more };
}

/** With namespaces "data" and "other", labelled by their names. */
export function worldOf(...pods: AddressedPod[]): PolicyWorld {
  const named = (name: string) => [name, { "kubernetes.io/metadata.name": name }] as const;
  return { pods, namespaces: new Map([named("data"), named("other")]) };
}

/** A policy of namespace "data" for the pods of one app, or for all. */
export function policy(app: string | undefined, spec: NetworkPolicy["spec"]): NetworkPolicy {
  const podSelector = app === undefined ? {} : { matchLabels: { app } };
  return { metadata: { name: app ?? "all", namespace: "data" }, spec: { podSelector, ...spec } };
}

/** A pod as the API shows it. */
export function apiPod(name: string, status: V1PodStatus, spec: Partial<V1PodSpec> = {}): V1Pod {
  return { metadata: { name, namespace: "data", uid: `uid-${name}` }, spec: { containers: [], ...spec }, status };
}
