import { unsupported, type CheckFailure, type CheckRequest, type CheckResult } from "../protocol/plugin.ts";
import { isObject, plain, sealLike, UNKNOWN, type Properties } from "../protocol/values.ts";
import { parseWaitFor } from "./await/waitFor.ts";
import type { Cluster } from "./cluster.ts";
import { AUTONAMED, autoname } from "./naming.ts";
import { groupKind, withoutNulls } from "./object.ts";
import { sealSecret } from "./state.ts";

/** Kinds without a namespace, so that a preview needs no cluster to know it. Others are asked for. */
const CLUSTER_WIDE = new Set([
  "Namespace",
  "Node",
  "PersistentVolume",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "apiextensions.k8s.io/CustomResourceDefinition",
  "apiregistration.k8s.io/APIService",
  "networking.k8s.io/IngressClass",
  "node.k8s.io/RuntimeClass",
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "scheduling.k8s.io/PriorityClass",
  "snapshot.storage.k8s.io/VolumeSnapshotClass",
  "storage.k8s.io/CSIDriver",
  "storage.k8s.io/StorageClass",
]);
const NAMESPACED_GROUPS = new Set([
  "",
  "apps",
  "batch",
  "autoscaling",
  "policy",
  "networking.k8s.io",
  "rbac.authorization.k8s.io",
]);

/** @throws for the kinds that only the vendor's plugin serves. */
export function refuseUnsupported(type: string): void {
  const [, module = "", kind = ""] = type.split(":");
  if (/^(helm|kustomize|yaml)\b/.test(module)) throw unsupported(type);
  if (kind.endsWith("Patch")) throw unsupported(`${type} (a patch of somebody else's object)`);
  if (kind.endsWith("List")) throw unsupported(`${type} (declare the items themselves)`);
}

/** Completes inputs: a name where there is none, the namespace, and the seal on what a Secret holds. */
export async function checkInputs(request: CheckRequest, namespace: string, cluster?: Cluster): Promise<CheckResult> {
  const failures: CheckFailure[] = [];
  const object = withoutNulls(plain(request.inputs));
  delete object.status;
  for (const field of ["apiVersion", "kind"])
    if (typeof object[field] !== "string") failures.push({ property: field, reason: "must be set" });
  if (object.metadata === UNKNOWN) return { inputs: request.inputs };
  const metadata: Properties = isObject(object.metadata) ? { ...object.metadata } : {};
  if (metadata.generateName !== undefined)
    failures.push({
      property: "metadata.generateName",
      reason: "not supported by the local plugin: leave metadata.name out and a name is made from the resource's",
    });
  if (metadata.name === undefined) giveName(metadata, request);
  if (metadata.namespace === undefined && (await isNamespaced(object, cluster))) metadata.namespace = namespace;
  failures.push(...annotationFailures(metadata));
  const named = sealLike({ ...object, metadata }, request.inputs);
  return { inputs: sealSecret(named), failures };
}

function giveName(metadata: Properties, { name, oldInputs, randomSeed }: CheckRequest): void {
  const old = plain(oldInputs).metadata;
  const kept =
    isObject(old) && isObject(old.annotations) && old.annotations[AUTONAMED] === "true" ? old.name : undefined;
  metadata.name = kept ?? autoname(name, randomSeed);
  metadata.annotations = { ...(isObject(metadata.annotations) ? metadata.annotations : {}), [AUTONAMED]: "true" };
}

async function isNamespaced(object: Properties, cluster: Cluster | undefined): Promise<boolean> {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return false;
  const name = groupKind({ apiVersion, kind });
  if (CLUSTER_WIDE.has(name)) return false;
  if (NAMESPACED_GROUPS.has(name.includes("/") ? (name.split("/")[0] ?? "") : "")) return true;
  if (!cluster || (await cluster.unreachable())) return false;
  return (await cluster.kind({ apiVersion, kind }))?.namespaced ?? false;
}

function annotationFailures({ annotations }: Properties): CheckFailure[] {
  const wanted = isObject(annotations) ? annotations["pulumi.com/waitFor"] : undefined;
  if (typeof wanted !== "string" || wanted === UNKNOWN) return [];
  try {
    parseWaitFor(wanted);
    return [];
  } catch (error) {
    return [{ property: 'metadata.annotations["pulumi.com/waitFor"]', reason: (error as Error).message }];
  }
}
