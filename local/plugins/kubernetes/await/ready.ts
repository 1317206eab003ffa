import type { Cluster } from "../cluster.ts";
import { groupKind, steering, type KubeObject } from "../object.ts";
import { ingressReadiness, serviceReadiness } from "./networking.ts";
import { conditionOf, READY, waiting, type Readiness } from "./readiness.ts";
import { claimReadiness, volumeReadiness } from "./storage.ts";
import { parseWaitFor, wishesReadiness } from "./waitFor.ts";
import {
  daemonSetReadiness,
  deploymentReadiness,
  jobReadiness,
  podReadiness,
  statefulSetReadiness,
} from "./workloads.ts";

type Judge = (object: KubeObject, cluster: Cluster) => Readiness | Promise<Readiness>;

/** Kinds that need time after they are accepted. All others are ready at once, as with the vendor's plugin. */
const JUDGES: Readonly<Record<string, Judge>> = {
  "apps/DaemonSet": daemonSetReadiness,
  "apps/Deployment": deploymentReadiness,
  "apps/StatefulSet": statefulSetReadiness,
  "batch/Job": jobReadiness,
  "apiextensions.k8s.io/CustomResourceDefinition": (object) =>
    conditionOf(object, "Established")?.status === "True" ? READY : waiting("not established"),
  "networking.k8s.io/Ingress": ingressReadiness,
  Namespace: ({ status }) =>
    (status as { phase?: string } | undefined)?.phase === "Active" ? READY : waiting("not active"),
  PersistentVolume: volumeReadiness,
  PersistentVolumeClaim: claimReadiness,
  Pod: podReadiness,
  Service: serviceReadiness,
};

/** Seconds to wait when nobody says how long: the vendor's defaults. */
export function defaultTimeout(object: KubeObject): number {
  return groupKind(object) === "PersistentVolumeClaim" ? 300 : 600;
}

/** Whether an object is ready, by `pulumi.com/waitFor` where it is set and by what its kind means otherwise. */
export async function readinessOf(object: KubeObject, cluster: Cluster): Promise<Readiness> {
  if (steering(object, "skipAwait") === "true") return READY;
  const wanted = steering(object, "waitFor");
  if (wanted !== undefined) return wishesReadiness(object, parseWaitFor(wanted));
  return (await JUDGES[groupKind(object)]?.(object, cluster)) ?? READY;
}
