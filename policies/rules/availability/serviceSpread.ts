import { kindOf } from "../../read/resource.ts";
import { workloadOf, type Workload } from "../../read/workloads.ts";
import { rule } from "../../rule.ts";

/** H5: replicas of a service stand in different zones, so that the loss of one leaves some. */
export function spreadViolations(service: Workload, overHosts: readonly string[]): string[] {
  if (service.replicas !== undefined && service.replicas < 2) return [];
  const required = (over: "zone" | "host") =>
    service.spread.some((s) => s.over === over && s.strength === "required" && s.maxSkew === 1);
  if (required("zone")) return [];
  if (!overHosts.includes(service.name))
    return [
      "its replicas may all stand in one zone: require an even spread over topology.kubernetes.io/zone " +
        "(topologySpreadConstraints with maxSkew 1, DoNotSchedule and a selector of its own pods)",
    ];
  const prefersZones = service.spread.some((s) => s.over === "zone");
  return required("host") && prefersZones
    ? []
    : [
        "its replicas may all stand on one host: require an even spread over kubernetes.io/hostname " +
          "and prefer one over topology.kubernetes.io/zone",
      ];
}

export const serviceSpread = rule({
  name: "service-spread",
  requirement: "H5",
  description: "Replicas of a stateless service stand in different zones.",
  why: "Replicas that happen to stand in one zone go down with it, all of them.",
  remediation:
    "Require an even spread over zones with topologySpreadConstraints: maxSkew 1, DoNotSchedule, a selector of its own pods.",
  severity: "high",
  sees: "resource",
  parameters: {
    overHosts: {
      type: "array",
      items: { type: "string" },
      description: "Services that must only stand on different hosts, and prefer different zones.",
      default: [] as readonly string[],
    },
  },
  subjects: (resource) => {
    const workload = kindOf(resource) === "Deployment" ? workloadOf(resource) : undefined;
    return workload ? [workload] : [];
  },
  check: (service, { overHosts }) => spreadViolations(service, overHosts),
});
