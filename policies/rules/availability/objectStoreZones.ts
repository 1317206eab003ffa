import { containersOf } from "../../read/pods.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { list, number, text } from "../../read/values.ts";
import { workloadOf } from "../../read/workloads.ts";
import { rule } from "../../rule.ts";

/** How MinIO's servers stand, and how it is told to spread an object over them. */
export interface ObjectStore {
  readonly servers: number;
  readonly drivesPerServer: number;
  /** Zones over which the servers are evenly spread; 1 when nothing keeps them apart. */
  readonly zones: number;
  /** Drives of a set that may fail; undefined where MinIO chooses. */
  readonly parity: number | undefined;
}

/** Drives that hold the parts of one object: the most that divides all evenly over the servers, at most 16 (cmd/endpoint-ellipses.go). */
export function setSize({ servers, drivesPerServer }: Pick<ObjectStore, "servers" | "drivesPerServer">): number {
  const drives = servers * drivesPerServer;
  const even = (size: number) => (servers > size ? servers % size === 0 : size % servers === 0);
  const sizes = Array.from({ length: 15 }, (_, i) => 16 - i);
  return sizes.find((size) => drives % size === 0 && even(size)) ?? 1;
}

/** Parity that MinIO takes for a set when it is not told (internal/config/storageclass). */
function defaultParity(size: number): number {
  if (size >= 8) return 4;
  if (size >= 6) return 3;
  if (size >= 4) return 2;
  return size >= 2 ? 1 : 0;
}

/** H9: the loss of one zone stops neither reads nor writes. */
export function zoneLossViolations(store: ObjectStore): string[] {
  const { servers, zones } = store;
  if (zones < 2) return ["nothing keeps its servers in different zones: require an even spread over them"];
  const size = setSize(store);
  const parity = store.parity ?? defaultParity(size);
  // Where a set spans only some of the servers, all that a zone has may be among them.
  const lost = Math.ceil(servers / zones) * Math.max(1, size / servers);
  // With half of a set as parity, a write needs one drive more than a read, or two halves could both go on.
  const needed = size - parity + (parity * 2 === size ? 1 : 0);
  if (size - lost >= needed) return [];
  return [
    `the loss of a zone stops its writes: of the ${size} drives that hold an object a zone has ${lost}, and a write ` +
      `needs ${needed} with ${parity} as parity: raise MINIO_STORAGE_CLASS_STANDARD, or put more servers into each zone`,
  ];
}

function storeOf(resource: Resource): ObjectStore[] {
  const servers = kindOf(resource) === "StatefulSet" ? workloadOf(resource) : undefined;
  if (servers?.name !== "minio") return [];
  const apart = servers.spread.filter((s) => s.over === "zone" && s.strength === "required" && s.maxSkew === 1);
  return [
    {
      servers: servers.replicas ?? 1,
      drivesPerServer: list(resource.inputs, "spec", "volumeClaimTemplates").length,
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
  sees: "resource",
  subjects: storeOf,
  check: zoneLossViolations,
});
