import { patroniOf, type PatroniSettings } from "../../read/patroni.ts";
import { podsOf } from "../../read/pods.ts";
import { kindOf, nameOf, namespaceOf, type Resource } from "../../read/resource.ts";
import { list, text } from "../../read/values.ts";
import { workloadOf, type Workload } from "../../read/workloads.ts";
import { rule } from "../../rule.ts";

interface PostgresMembers {
  readonly members: Workload;
  /** Undefined when none of the ConfigMaps that the members read holds Patroni's settings. */
  readonly patroni: PatroniSettings | undefined;
}

interface Minimum {
  readonly minimumMembers: number;
  readonly minimumZones: number;
}

/** H2, H6: an acknowledged commit stands on members in two zones at least, and the loss of any zone leaves a majority. */
export function postgresViolations({ members, patroni }: PostgresMembers, minimum: Minimum): string[] {
  if (!patroni)
    return ["it reads no ConfigMap with Patroni's bootstrap.dcs, so nothing tells whether its commits are synchronous"];
  const { minimumMembers, minimumZones } = minimum;
  const replicas = members.replicas ?? 1;
  const zones = members.spread.filter((s) => s.over === "zone" && s.strength === "required" && s.maxSkew === 1);
  return [
    ...(patroni.synchronousMode === "off" || patroni.synchronousNodeCount < 1
      ? ["it may lose acknowledged commits at a failover: set synchronous_mode to quorum or on"]
      : []),
    ...(replicas < minimumMembers
      ? [`it has ${replicas} members; the policy asks for ${minimumMembers}: raise replicas`]
      : []),
    ...(zones.some((s) => s.minDomains >= minimumZones)
      ? []
      : [
          `its members need not stand in ${minimumZones} zones: require an even spread over topology.kubernetes.io/zone ` +
            `with maxSkew 1 and minDomains ${minimumZones}`,
        ]),
  ];
}

/** Names of the ConfigMaps that pods mount. */
function mountedConfigMaps(resource: Resource): (string | undefined)[] {
  return list(podsOf(resource)?.spec, "volumes").flatMap((volume) => [
    text(volume, "configMap", "name"),
    ...list(volume, "projected", "sources").map((source) => text(source, "configMap", "name")),
  ]);
}

function patroniBehind(resource: Resource, stack: readonly Resource[]): PatroniSettings | undefined {
  const mounted = mountedConfigMaps(resource);
  return stack
    .filter((r) => kindOf(r) === "ConfigMap" && namespaceOf(r) === namespaceOf(resource) && mounted.includes(nameOf(r)))
    .map(patroniOf)
    .find((patroni) => patroni !== undefined);
}

export const synchronousPostgres = rule({
  name: "synchronous-postgres",
  requirement: "H2, H6",
  description: "PostgreSQL commits synchronously to members in different zones.",
  why: "An asynchronous standby that takes over has lost what was acknowledged a moment before.",
  remediation: "Set postgres.synchronous, and three members or more with a required spread over three zones.",
  severity: "critical",
  sees: "stack",
  parameters: {
    minimumMembers: { type: "integer", minimum: 1, description: "Members of the cluster.", default: 3 },
    minimumZones: { type: "integer", minimum: 1, description: "Zones they must stand in.", default: 3 },
  },
  subjects: (resource, stack) => {
    const members = kindOf(resource) === "StatefulSet" ? workloadOf(resource) : undefined;
    return members?.name === "postgres" ? [{ members, patroni: patroniBehind(resource, stack) }] : [];
  },
  check: postgresViolations,
});
