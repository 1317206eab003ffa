import { formatPath, type Path } from "../protocol/diff.ts";
import { groupKind, type KubeObject } from "./object.ts";
import type { Settings } from "./settings.ts";

const SELECTOR = ["spec.selector"];
const BINDING = ["roleRef"];
/** Of a pod only these may change in place (core/validation.ValidatePodUpdate); the vendor's plugin replaces it for all else. */
const POD_MUTABLE =
  /^spec\.(activeDeadlineSeconds|tolerations|terminationGracePeriodSeconds|(initC|c)ontainers\[\d+\]\.image)/;

/** Fields whose change makes a new object, as in the vendor's plugin 4.34 (provider/pkg/provider/diff.go). */
const IMMUTABLE: Readonly<Record<string, readonly string[]>> = {
  "apps/Deployment": SELECTOR,
  "apps/DaemonSet": SELECTOR,
  "apps/StatefulSet": [
    ...SELECTOR,
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/Job": [...SELECTOR, "spec.completions", "spec.parallelism", "spec.template"],
  "rbac.authorization.k8s.io/ClusterRoleBinding": BINDING,
  "rbac.authorization.k8s.io/RoleBinding": BINDING,
  "storage.k8s.io/StorageClass": ["parameters", "provisioner"],
  PersistentVolume: ["spec.csi", "spec.hostPath", "spec.local", "spec.nfs"],
  PersistentVolumeClaim: ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  ResourceQuota: ["spec.scopes"],
  Secret: ["type"],
  Service: ["spec.clusterIP"],
};

const DATA: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ["data", "binaryData"],
  Secret: ["data", "stringData"],
};

/** Tells which changed paths of an object need a new object. */
export function replacesOn(object: KubeObject, mutable: Settings["mutable"]): (path: Path) => boolean {
  const kind = groupKind(object);
  const data = (kind === "ConfigMap" || kind === "Secret") && (!mutable[kind] || object.immutable === true);
  const fields = [
    "metadata.name",
    "metadata.namespace",
    ...(IMMUTABLE[kind] ?? []),
    ...(data ? (DATA[kind] ?? []) : []),
  ];
  return (path) => {
    const text = formatPath(path);
    if (kind === "Pod" && text.startsWith("spec")) return !POD_MUTABLE.test(text);
    return fields.some((field) => text === field || text.startsWith(`${field}.`) || text.startsWith(`${field}[`));
  };
}
