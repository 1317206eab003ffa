import { allowedPackets, type PolicyWorld } from "./allowedPackets.ts";
import type { AddressedPod } from "./pods.ts";
import type { NetworkPolicy } from "./networkPolicy.ts";
import { selects } from "./selector.ts";

/** The one table of each node; whatever else there is (kube-proxy's) is left alone. */
export const policyTable = "dify-ha-policies";

/** The node that the rules are for. */
export interface GuardedNode {
  readonly name: string;
  readonly podCidr: string;
}

/**
 * NetworkPolicies as nftables of one node, as text for `nft -f`: it replaces the table in one step, or leaves it as it was.
 *
 * The hook sees packets that are forwarded, with the pods' own addresses: after a Service's address was replaced, before any is masked.
 * What the node itself sends is not forwarded, so the kubelet's probes always pass. Fails closed: an address of this node that no known
 * pod has neither sends nor receives.
 *
 * Limits: IPv4; a connection that stands is not cut by a policy that comes later; pods in their node's network are not held back.
 */
export function policyRules(world: PolicyWorld, policies: readonly NetworkPolicy[], node: GuardedNode): string {
  const local = world.pods.filter((pod) => pod.node === node.name).sort((a, b) => a.address.localeCompare(b.address));
  const guards = directions.map((direction) => ({
    direction,
    chains: local.flatMap((pod) => guardChain(world, policies, pod, direction)),
  }));
  const addresses = local.map(({ address }) => address);
  const known = addresses.length > 0 ? ` != { ${addresses.join(", ")} }` : "";
  return [
    `table ip ${policyTable}`,
    `delete table ip ${policyTable}`,
    `table ip ${policyTable} {`,
    ...guards.flatMap(({ chains }) => chains.flatMap(({ lines }) => lines)),
    "  chain forward {",
    "    type filter hook forward priority 10; policy accept;",
    "    ct state established,related accept",
    ...["saddr", "daddr"].map((side) => `    ip ${side} ${node.podCidr}${known && ` ip ${side}${known}`} counter drop`),
    // A pod always reaches itself, also by way of its Service.
    ...(addresses.length > 0
      ? [`    ip saddr . ip daddr { ${addresses.map((address) => `${address} . ${address}`).join(", ")} } accept`]
      : []),
    ...guards.flatMap(({ direction, chains }) =>
      chains.length > 0
        ? [
            `    ip ${sideOf[direction]} vmap { ${chains.map(({ pod, name }) => `${pod.address} : jump ${name}`).join(", ")} }`,
          ]
        : [],
    ),
    "  }",
    "}",
    "",
  ].join("\n");
}

const directions = ["egress", "ingress"] as const;
type Direction = (typeof directions)[number];

/** By which address of a packet the guarded pod is known. */
const sideOf: Readonly<Record<Direction, string>> = { egress: "saddr", ingress: "daddr" };

interface GuardChain {
  readonly pod: AddressedPod;
  readonly name: string;
  readonly lines: readonly string[];
}

/** What one pod may send or receive; nothing when no policy restricts it, and then it may do all. */
function guardChain(
  world: PolicyWorld,
  policies: readonly NetworkPolicy[],
  pod: AddressedPod,
  direction: Direction,
): GuardChain[] {
  const own = policies.filter((policy) => restricts(policy, pod, direction));
  if (own.length === 0) return [];
  const allowed = own.flatMap(({ spec }) => {
    const rules =
      direction === "ingress"
        ? (spec?.ingress ?? []).map(({ from: peers = [], ports = [] }) => ({ peers, ports }))
        : (spec?.egress ?? []).map(({ to: peers = [], ports = [] }) => ({ peers, ports }));
    return rules.flatMap((rule) => allowedPackets(world, { pod, direction, ...rule }));
  });
  const name = `${direction}-${pod.address}`;
  const lines = [
    `  chain ${name} {`,
    ...[...new Set(allowed)].sort().map((condition) => `    ${condition && `${condition} `}return`),
    // For whoever lists the table; nftables takes 128 bytes.
    `    counter drop comment "${`${pod.namespace}/${pod.name}`.slice(0, 120)}"`,
    "  }",
  ];
  return [{ pod, name, lines }];
}

function restricts({ metadata, spec }: NetworkPolicy, pod: AddressedPod, direction: Direction): boolean {
  if (metadata?.namespace !== pod.namespace || !selects(spec?.podSelector ?? {}, pod.labels)) return false;
  // The API server writes the types out; without them they follow from the rules.
  const types = spec?.policyTypes ?? (spec?.egress ? ["Ingress", "Egress"] : ["Ingress"]);
  return types.includes(direction === "ingress" ? "Ingress" : "Egress");
}
