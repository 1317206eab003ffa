import type { V1Pod } from "@kubernetes/client-node";
import type { Labels } from "./selector.ts";

/** A pod as the rules see it: one that has an address of its own. */
export interface AddressedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly node: string;
  /** IPv4. */
  readonly address: string;
  readonly ports: readonly NamedPort[];
}

export interface NamedPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

/** Addresses by the uid of the pods that were given them, as the nodes themselves say: true before the API knows it. */
export type Announced = ReadonlyMap<string, string>;

/**
 * Pods that can send and receive as themselves, each address once. Those in their node's network are the node, those that have ended
 * gave their address back. A node that was lost gives its addresses out anew while the API still names the old holders: what the node
 * says comes first, then the pod that was started last.
 */
export function addressedPods(pods: readonly V1Pod[], announced: Announced): AddressedPod[] {
  const announcedHere = (pod: V1Pod) => announced.has(pod.metadata?.uid ?? "");
  const inOrder = pods
    .filter(({ spec, status }) => !spec?.hostNetwork && status?.phase !== "Succeeded" && status?.phase !== "Failed")
    .sort((a, b) => Number(announcedHere(a)) - Number(announcedHere(b)) || startOf(a) - startOf(b));
  const byAddress = new Map<string, AddressedPod>();
  for (const pod of inOrder) {
    const address = announced.get(pod.metadata?.uid ?? "") ?? pod.status?.podIP;
    if (address) byAddress.set(address, addressed(pod, address));
  }
  return [...byAddress.values()];
}

/** Lists bring dates, watches text. */
const startOf = ({ status, metadata }: V1Pod): number =>
  new Date(status?.startTime ?? metadata?.creationTimestamp ?? 0).getTime();

function addressed({ metadata, spec }: V1Pod, address: string): AddressedPod {
  // Containers that start before the others and stay count as the others do.
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return {
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    labels: metadata?.labels ?? {},
    node: spec?.nodeName ?? "",
    address,
    ports: containers.flatMap(({ ports = [] }) =>
      ports.flatMap(({ name, protocol = "TCP", containerPort: port }) => (name ? [{ name, protocol, port }] : [])),
    ),
  };
}
