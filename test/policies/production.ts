import { ruleGroups } from "../../components/observability/rules.ts";
import { loadSettings } from "../../config/load.ts";
import { kindOf, nameOf, type Resource } from "../../policies/read/resource.ts";
import { declareBackups } from "../support/backupSample.ts";
import { readGolden } from "../support/golden.ts";
import { stackConfiguration } from "../support/stack.ts";

const parts = ["volume-snapshots", "volume-copies", "volume-copy"];
const snapshots = { class: "topolvm" } as const;

/** Production with what it may have besides: snapshots of volumes, their copies, and alerts about them. */
export async function completeProduction(): Promise<Resource[]> {
  const golden = readGolden("prod");
  const namespaces = golden.filter((resource) => kindOf(resource) === "Namespace").map(nameOf);
  const namespace = namespaces.find((name) => name.endsWith("-data"));
  if (namespace === undefined) throw new Error("production has no namespace for data");
  const declared = await declareBackups({ backup: { snapshots } });
  const added = declared
    .filter((resource) => parts.includes(resource.name) || kindOf(resource) === "VolumeSnapshotClass")
    .map(({ type, name, inputs }) => ({
      ...{ type, name },
      inputs: { ...inputs, metadata: { ...(inputs["metadata"] as object), namespace } },
    }));
  return [...golden.map(withAlerts), ...added];
}

function withAlerts(resource: Resource): Resource {
  if (kindOf(resource) !== "PrometheusRule") return resource;
  const settings = loadSettings(stackConfiguration("prod"));
  const backup = { ...settings.backup, snapshots: { ...settings.backup.snapshots, ...snapshots } };
  return { ...resource, inputs: { ...resource.inputs, spec: { groups: ruleGroups({ ...settings, backup }) } } };
}
