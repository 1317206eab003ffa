import { podsOf, selects } from "./pods.ts";
import { kindOf, nameOf, namespaceOf, type Resource } from "./resource.ts";
import { list, number, text } from "./values.ts";

/** A part of the stack that runs as several like pods. */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined where an autoscaler chooses. */
  readonly replicas: number | undefined;
  readonly spread: readonly Spread[];
}

/** A rule by which the scheduler keeps pods of a workload apart. */
export interface Spread {
  readonly over: "zone" | "host";
  /** "required": a pod that would break it waits; "preferred": it starts all the same. */
  readonly strength: "required" | "preferred";
  /** By how many pods two zones or hosts may differ. */
  readonly maxSkew: number;
  /** How many zones or hosts must be there before two pods share one; 1 when nothing is said. */
  readonly minDomains: number;
}

const domains: Readonly<Record<string, Spread["over"]>> = {
  "topology.kubernetes.io/zone": "zone",
  "kubernetes.io/hostname": "host",
};

function spreadOf(pod: unknown, labels: Workload["labels"]): Spread[] {
  return list(pod, "topologySpreadConstraints").flatMap((constraint) => {
    const over = domains[text(constraint, "topologyKey") ?? ""];
    // A constraint that counts other pods than its own keeps nothing apart.
    if (!over || !selects((constraint as Record<string, unknown>)["labelSelector"], labels)) return [];
    return [
      {
        over,
        strength: text(constraint, "whenUnsatisfiable") === "DoNotSchedule" ? "required" : "preferred",
        maxSkew: number(constraint, "maxSkew") ?? 1,
        minDomains: number(constraint, "minDomains") ?? 1,
      } satisfies Spread,
    ];
  });
}

/** Deployments (stateless) and StatefulSets (members that hold data) as workloads; undefined for all other resources. */
export function workloadOf(resource: Resource): Workload | undefined {
  const kind = kindOf(resource);
  const pods = kind === "Deployment" || kind === "StatefulSet" ? podsOf(resource) : undefined;
  if (!pods) return undefined;
  return {
    name: nameOf(resource),
    namespace: namespaceOf(resource),
    labels: pods.labels,
    replicas: number(resource.inputs, "spec", "replicas"),
    spread: spreadOf(pods.spec, pods.labels),
  };
}
