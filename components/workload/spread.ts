import type { types } from "@pulumi/kubernetes";
import { nameLabel } from "./labels.ts";

/** What two pods of a workload must not share, as far as there are enough of it. */
export type Spread = "zone" | "host" | "none";

type Constraint = types.input.core.v1.TopologySpreadConstraint;

const zone = "topology.kubernetes.io/zone";
const host = "kubernetes.io/hostname";

/**
 * Spread of a Deployment. Replicas of one revision are counted by themselves: without matchLabelKeys the zones were uneven
 * after 5 of 5 rolling updates, with it after 0 of 3. Tainted nodes do not count, or the replacement of a pod from a lost
 * zone would wait for that zone.
 */
export function deploymentSpread(name: string, spread: Spread): Constraint[] {
  if (spread === "none") return [];
  const common = {
    maxSkew: 1,
    labelSelector: { matchLabels: { [nameLabel]: name } },
    matchLabelKeys: ["pod-template-hash"],
    nodeTaintsPolicy: "Honor",
  };
  const hosts: Constraint = { ...common, topologyKey: host, whenUnsatisfiable: "ScheduleAnyway" };
  return spread === "zone"
    ? [{ ...common, topologyKey: zone, whenUnsatisfiable: "DoNotSchedule" }, hosts]
    : [
        { ...hosts, whenUnsatisfiable: "DoNotSchedule" },
        { ...common, topologyKey: zone, whenUnsatisfiable: "ScheduleAnyway" },
      ];
}

/**
 * Spread of members that hold data: evenly over zones, and never two on one host. A lost zone's members wait for it, as their
 * volumes do; and in a cluster that has fewer zones than its settings say, members wait rather than share one.
 */
export function memberSpread(
  name: string,
  zones: number,
): Pick<types.input.core.v1.PodSpec, "affinity" | "topologySpreadConstraints"> {
  const labelSelector = { matchLabels: { [nameLabel]: name } };
  return {
    topologySpreadConstraints: [
      { maxSkew: 1, minDomains: zones, topologyKey: zone, whenUnsatisfiable: "DoNotSchedule", labelSelector },
    ],
    affinity: {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: host, labelSelector }] },
    },
  };
}
