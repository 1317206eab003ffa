import { kindOf, nameOf, type Resource } from "../../policies/read/resource.ts";
import { declareBackups } from "../support/backupSample.ts";
import { readGolden } from "../support/golden.ts";

const parts = ["volume-snapshots", "volume-copies", "volume-copy"];

/** Production with what it may have besides: snapshots of volumes and their copies. */
export async function completeProduction(): Promise<Resource[]> {
  const golden = readGolden("prod");
  const namespaces = golden.filter((resource) => kindOf(resource) === "Namespace").map(nameOf);
  const namespace = namespaces.find((name) => name.endsWith("-data"));
  if (namespace === undefined) throw new Error("production has no namespace for data");
  const declared = await declareBackups({ backup: { snapshots: { class: "topolvm" } } });
  const snapshots = declared
    .filter((resource) => parts.includes(resource.name) || kindOf(resource) === "VolumeSnapshotClass")
    .map(({ type, name, inputs }) => ({
      ...{ type, name },
      inputs: { ...inputs, metadata: { ...(inputs["metadata"] as object), namespace } },
    }));
  return [...golden, ...snapshots];
}
