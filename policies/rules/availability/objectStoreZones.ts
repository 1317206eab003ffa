import { erasureLayout, zoneLossProblems, type Drives } from "../../../components/objectStore/layout.ts";
import { containersOf } from "../../read/pods.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { list, number, text } from "../../read/values.ts";
import { workloadOf } from "../../read/workloads.ts";
import { rule } from "../../rule.ts";

/** H9: the loss of one zone stops neither reads nor writes. The arithmetic is that of the settings; what it is fed with is what runs. */
export function zoneLossViolations(store: Drives): string[] {
  if (store.zones < 2) return ["nothing keeps its servers in different zones: require an even spread over them"];
  const layout = erasureLayout(store);
  if (!layout)
    return [`MinIO can divide ${store.servers} servers with ${store.drives} volumes each into no erasure sets`];
  const [problem] = zoneLossProblems(layout);
  return problem === undefined
    ? []
    : [
        `when a zone is lost, ${problem}: raise MINIO_STORAGE_CLASS_STANDARD, or put the same number of servers into each zone`,
      ];
}

function storeOf(resource: Resource): Drives[] {
  const servers = kindOf(resource) === "StatefulSet" ? workloadOf(resource) : undefined;
  if (servers?.name !== "minio") return [];
  const apart = servers.spread.filter((s) => s.over === "zone" && s.strength === "required" && s.maxSkew === 1);
  return [
    {
      servers: servers.replicas ?? 1,
      drives: list(resource.inputs, "spec", "volumeClaimTemplates").length,
      // One when nothing keeps the servers apart.
      zones: Math.max(1, ...apart.map((s) => s.minDomains)),
      parity: parityOf(resource),
    },
  ];
}

/** The number of "EC:4" in the servers' environment. */
function parityOf(resource: Resource): number | undefined {
  const variables = containersOf(resource).flatMap(({ definition }) => list(definition, "env"));
  const standard = variables.find((variable) => text(variable, "name") === "MINIO_STORAGE_CLASS_STANDARD");
  return number({ parity: text(standard, "value")?.replace(/^EC:/, "") }, "parity");
}

export const objectStoreZones = rule({
  name: "object-store-zones",
  requirement: "H9",
  description: "The loss of a zone stops neither reads from the object store nor writes to it.",
  why: "Erasure sets that lie unevenly over zones lose more drives with a zone than parity can replace.",
  remediation: "Put the same number of servers into each zone, require the spread, and set the parity accordingly.",
  severity: "high",
  sees: "resource",
  subjects: storeOf,
  check: zoneLossViolations,
});
