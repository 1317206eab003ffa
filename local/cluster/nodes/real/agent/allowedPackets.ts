import type { V1NetworkPolicyPeer, V1NetworkPolicyPort } from "@kubernetes/client-node";
import { isIPv4 } from "node:net";
import type { AddressedPod } from "./pods.ts";
import { selects, type Labels } from "./selector.ts";

/** What the rules are made from. */
export interface PolicyWorld {
  readonly pods: readonly AddressedPod[];
  /** Labels of each namespace. */
  readonly namespaces: ReadonlyMap<string, Labels>;
}

/** One rule of a policy, and the pod that it protects or holds back. */
export interface RuleOf {
  readonly pod: AddressedPod;
  readonly direction: "ingress" | "egress";
  readonly peers: readonly V1NetworkPolicyPeer[];
  readonly ports: readonly V1NetworkPolicyPort[];
}

/** The packets that a rule allows, as conditions of nftables; "" is every packet. */
export function allowedPackets({ pods, namespaces }: PolicyWorld, rule: RuleOf): string[] {
  const side = rule.direction === "ingress" ? "saddr" : "daddr";
  const anyone = rule.peers.length === 0;
  const peerPods = pods.filter((pod) => rule.peers.some((peer) => isPeer(peer, pod, rule.pod.namespace, namespaces)));
  const blocks = rule.peers.flatMap(({ ipBlock }) =>
    ipBlock ? blockCondition(side, ipBlock.cidr, ipBlock.except) : [],
  );
  const others = anyone ? [""] : [...addressCondition(side, peerPods), ...blocks];
  if (rule.ports.length === 0) return others;

  return rule.ports.flatMap((port) => {
    // A name means whatever the pod that is connected to has given it to: another port for each, and none outside the cluster.
    if (rule.direction === "egress" && typeof port.port === "string")
      return (anyone ? pods : peerPods).flatMap((peer) =>
        product(addressCondition(side, [peer]), portConditions(port, peer)),
      );
    return product(others, portConditions(port, rule.pod));
  });
}

const product = (left: readonly string[], right: readonly string[]): string[] =>
  left.flatMap((l) => right.map((r) => [l, r].filter(Boolean).join(" ")));

/** Selectors of both kinds must hold; without one for namespaces the policy's own is meant. */
function isPeer(
  { ipBlock, namespaceSelector, podSelector }: V1NetworkPolicyPeer,
  pod: AddressedPod,
  own: string,
  namespaces: PolicyWorld["namespaces"],
): boolean {
  if (ipBlock) return false;
  const inNamespace = namespaceSelector
    ? selects(namespaceSelector, namespaces.get(pod.namespace) ?? {})
    : pod.namespace === own;
  return inNamespace && selects(podSelector ?? {}, pod.labels);
}

function addressCondition(side: string, pods: readonly AddressedPod[]): string[] {
  const addresses = pods.map(({ address }) => address).sort();
  return addresses.length > 0 ? [`ip ${side} { ${addresses.join(", ")} }`] : [];
}

/** Nothing for IPv6, which the nodes do not have. One condition an exception: a set refuses ranges that overlap. */
function blockCondition(side: string, cidr: string, except: readonly string[] = []): string[] {
  const isV4 = (range: string) => isIPv4(range.split("/")[0] ?? "");
  if (!isV4(cidr)) return [];
  const exceptions = except.filter(isV4).map((range) => `ip ${side} != ${range}`);
  return [[`ip ${side} ${cidr}`, ...exceptions].join(" ")];
}

/** @param pod the one that is connected to, whose ports have names. */
function portConditions({ protocol = "TCP", port, endPort }: V1NetworkPolicyPort, pod: AddressedPod): string[] {
  const name = protocol.toLowerCase();
  if (port === undefined) return [`meta l4proto ${name}`];
  if (typeof port === "number") return [`${name} dport ${endPort === undefined ? port : `${port}-${endPort}`}`];
  return pod.ports
    .filter((named) => named.name === port && named.protocol === protocol)
    .map((named) => `${name} dport ${named.port}`);
}
