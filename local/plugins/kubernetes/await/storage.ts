import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import type { Cluster } from "../cluster.ts";
import type { KubeObject } from "../object.ts";
import { failed, READY, waiting, type Readiness } from "./readiness.ts";

/** Bound; at once where the storage class binds only when a pod uses the claim. */
export async function claimReadiness(object: KubeObject, cluster: Cluster): Promise<Readiness> {
  const { spec, status } = object as unknown as V1PersistentVolumeClaim;
  if (status?.phase === "Bound") return READY;
  if (status?.phase === "Lost") return failed("its volume is gone");
  // The API server has put the default class's name in; none means that a volume must be made by hand.
  const name = spec?.storageClassName;
  if (!name) return waiting(`phase ${status?.phase ?? "Pending"}`);
  const storageClass = await cluster.find({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name },
  });
  if (!storageClass) return waiting(`there is no StorageClass ${name}`);
  const { volumeBindingMode } = storageClass as unknown as V1StorageClass;
  return volumeBindingMode === "WaitForFirstConsumer" ? READY : waiting(`phase ${status?.phase ?? "Pending"}`);
}

export function volumeReadiness(object: KubeObject): Readiness {
  const { status } = object as unknown as V1PersistentVolume;
  if (status?.phase === "Failed") return failed(status.message ?? "its reclamation failed");
  return status?.phase === "Available" || status?.phase === "Bound"
    ? READY
    : waiting(`phase ${status?.phase ?? "Pending"}`);
}
