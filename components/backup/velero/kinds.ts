import type { types } from "@pulumi/kubernetes";

type Kinds = Readonly<Record<string, readonly string[]>>;

/** Kinds in the stack's namespaces that are backed up, by their group. Not Jobs: one that is put back would run again. */
export const namespacedKinds = {
  "": ["configmaps", "secrets", "services", "serviceaccounts", "persistentvolumeclaims"],
  apps: ["daemonsets", "deployments", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs"],
  "networking.k8s.io": ["ingresses", "networkpolicies"],
  policy: ["poddisruptionbudgets"],
  "rbac.authorization.k8s.io": ["roles", "rolebindings"],
} as const satisfies Kinds;

/** Kinds of the whole cluster that are backed up, as far as they belong to what is. */
export const clusterKinds = {
  "": ["namespaces", "persistentvolumes"],
  "scheduling.k8s.io": ["priorityclasses"],
  "storage.k8s.io": ["storageclasses"],
} as const satisfies Kinds;

/** Names by which Velero takes them: "statefulsets.apps". */
export function resourceNames(kinds: Kinds): string[] {
  return Object.entries(kinds).flatMap(([group, names]) => names.map((name) => (group ? `${name}.${group}` : name)));
}

/** What may be done with them. */
export function rulesFor(kinds: Kinds, verbs: readonly string[]): types.input.rbac.v1.PolicyRule[] {
  return Object.entries(kinds).map(([group, resources]) => ({
    apiGroups: [group],
    resources: [...resources],
    verbs: [...verbs],
  }));
}
