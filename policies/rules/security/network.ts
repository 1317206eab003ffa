import { kindOf, nameOf, type Resource } from "../../read/resource.ts";
import { labelsOf } from "../../read/resource.ts";
import { list, text } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

const enforceLabel = "pod-security.kubernetes.io/enforce";

export const podSecurityLabels = rule({
  name: "pod-security-labels",
  requirement: "H14",
  description: "Every namespace has the cluster refuse pods that are not hardened.",
  why: "Policies judge what this program declares; the label judges what anybody else starts there.",
  remediation: `Label the namespace ${enforceLabel}: restricted, or baseline.`,
  severity: "high",
  sees: "resource",
  subjects: (resource) => (kindOf(resource) === "Namespace" ? [labelsOf(resource)[enforceLabel]] : []),
  check: (level) =>
    violation(
      level !== "restricted" && level !== "baseline",
      `any pod may run in it: set the label ${enforceLabel} to restricted or baseline`,
    ),
});

/** A Service, and from where it can be reached. */
export interface Exposure {
  readonly name: string;
  readonly type: string;
  /** It keeps the client's address, and goes to no node without a pod. */
  readonly local: boolean;
}

export function exposureViolations({ name, type, local }: Exposure, exposed: readonly string[]): string[] {
  if (type !== "LoadBalancer" && type !== "NodePort") return [];
  return [
    ...violation(
      !exposed.includes(name),
      `it can be reached from outside of the cluster (${type}): set type to ClusterIP, or name it under exposed`,
    ),
    ...violation(!local, "it goes by way of nodes without a pod of its own: set externalTrafficPolicy to Local"),
  ];
}

export const exposedServices = rule({
  name: "exposed-services",
  requirement: "H4, H14",
  description: "Only what is named can be reached from outside of the cluster.",
  why: "A Service of the wrong type puts a database on the network of the nodes.",
  remediation: "Set type to ClusterIP; of what is to be reached, externalTrafficPolicy to Local.",
  severity: "high",
  sees: "resource",
  parameters: {
    exposed: {
      type: "array",
      items: { type: "string" },
      description: "Services that users reach.",
      default: ["gateway"] as readonly string[],
    },
  },
  subjects: (resource): Exposure[] =>
    kindOf(resource) === "Service"
      ? [
          {
            name: nameOf(resource),
            type: text(resource.inputs, "spec", "type") ?? "ClusterIP",
            local: text(resource.inputs, "spec", "externalTrafficPolicy") === "Local",
          },
        ]
      : [],
  check: (service, { exposed }) => exposureViolations(service, exposed),
});

/** An allowance of a NetworkPolicy: to or from whom, and on which ports. */
interface Allowance {
  readonly direction: "ingress" | "egress";
  readonly peers: number;
  readonly ports: number;
}

function allowancesOf(resource: Resource): Allowance[] {
  if (kindOf(resource) !== "NetworkPolicy") return [];
  return (["ingress", "egress"] as const).flatMap((direction) =>
    list(resource.inputs, "spec", direction).map((allowed) => ({
      direction,
      peers: list(allowed, direction === "ingress" ? "from" : "to").length,
      ports: list(allowed, "ports").length,
    })),
  );
}

export const openPolicies = rule({
  name: "open-policies",
  requirement: "H14",
  description: "No NetworkPolicy allows every port to or from anybody.",
  why: "Allowances add up: one that names neither whom nor which port undoes all others.",
  remediation: "Name peers, or at least ports.",
  severity: "high",
  sees: "resource",
  subjects: allowancesOf,
  check: ({ direction, peers, ports }) =>
    violation(
      peers === 0 && ports === 0,
      `it allows all ${direction} of its pods: name ${direction === "ingress" ? "from" : "to"}, or ports`,
    ),
});
