import { podsOf, selects } from "../../read/pods.ts";
import { kindOf } from "../../read/resource.ts";
import { list, read, text } from "../../read/values.ts";
import { workloadOf } from "../../read/workloads.ts";
import { rule, violation } from "../../rule.ts";

/** Members that vote, and over how many zones they stand. */
export interface Quorum {
  readonly members: number;
  readonly zones: number;
}

/** H2, H3: the loss of any one zone leaves a majority. */
export function quorumViolations({ members, zones }: Quorum): string[] {
  const majority = Math.floor(members / 2) + 1;
  const largestZone = Math.ceil(members / Math.max(1, zones));
  return [
    ...violation(
      members % 2 === 0,
      `${members} members lose a vote no later than ${members - 1} do: set an odd number of replicas`,
    ),
    ...violation(
      members - largestZone < majority,
      `a zone holds ${largestZone} of its ${members} members, and the rest is no majority: require an even spread over three zones (minDomains 3)`,
    ),
  ];
}

export const quorumZones = rule({
  name: "quorum-zones",
  requirement: "H2, H3",
  description: "Members that vote are an odd number, and no zone holds so many that the rest is no majority.",
  why: "Without a majority nobody may lead, and everything that depends on it stands still.",
  remediation:
    "Set three or five replicas, with topologySpreadConstraints over zones: maxSkew 1, minDomains 3, DoNotSchedule.",
  severity: "critical",
  sees: "resource",
  parameters: {
    voters: {
      type: "array",
      items: { type: "string" },
      description: "StatefulSets whose members vote; PostgreSQL's are synchronous-postgres' business.",
      default: ["etcd", "redis", "qdrant"] as readonly string[],
    },
  },
  subjects: (resource, _stack, { voters }) => {
    const workload = kindOf(resource) === "StatefulSet" ? workloadOf(resource) : undefined;
    if (!workload || !voters.includes(workload.name)) return [];
    const apart = workload.spread.filter((s) => s.over === "zone" && s.strength === "required" && s.maxSkew === 1);
    return [{ members: workload.replicas ?? 1, zones: Math.max(1, ...apart.map((s) => s.minDomains)) }];
  },
  check: quorumViolations,
});

export const memberHosts = rule({
  name: "member-hosts",
  requirement: "H9",
  description: "No two members that hold data stand on one host.",
  why: "Two members on one host are lost together, however many zones there are.",
  remediation: "Require podAntiAffinity over kubernetes.io/hostname with a selector of its own pods.",
  severity: "high",
  sees: "resource",
  subjects: (resource) => {
    const workload = kindOf(resource) === "StatefulSet" ? workloadOf(resource) : undefined;
    if (!workload || (workload.replicas ?? 1) < 2) return [];
    const affinity = read(podsOf(resource)?.spec, "affinity", "podAntiAffinity");
    const terms = list(affinity, "requiredDuringSchedulingIgnoredDuringExecution");
    const apart = terms.some(
      (term) =>
        text(term, "topologyKey") === "kubernetes.io/hostname" && selects(read(term, "labelSelector"), workload.labels),
    );
    const spread = workload.spread.some((s) => s.over === "host" && s.strength === "required" && s.maxSkew === 1);
    return [apart || spread];
  },
  check: (apart) =>
    violation(!apart, "two of its members may stand on one host: require podAntiAffinity over kubernetes.io/hostname"),
});
