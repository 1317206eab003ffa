import type { V1DaemonSet, V1Deployment, V1Job, V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import type { KubeObject } from "../object.ts";
import { conditionOf, failed, READY, waiting, type Readiness } from "./readiness.ts";

/** The rollout is complete, as `kubectl rollout status` judges it. */
export function deploymentReadiness(object: KubeObject): Readiness {
  const { metadata, spec, status = {} } = object as unknown as V1Deployment;
  const wanted = spec?.replicas ?? 1;
  if ((status.observedGeneration ?? 0) < (metadata?.generation ?? 0))
    return waiting("the controller has not seen the change");
  const { updatedReplicas: updated = 0, availableReplicas: available = 0, replicas = 0 } = status;
  if (updated < wanted) return waiting(`${updated} of ${wanted} replicas updated`);
  if (replicas > updated) return waiting(`${replicas - updated} old replicas still run`);
  return available < wanted ? waiting(`${available} of ${wanted} replicas available`) : READY;
}

export function statefulSetReadiness(object: KubeObject): Readiness {
  const { metadata, spec, status } = object as unknown as V1StatefulSet;
  const wanted = spec?.replicas ?? 1;
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0))
    return waiting("the controller has not seen the change");
  const ready = status?.readyReplicas ?? 0;
  if (ready < wanted) return waiting(`${ready} of ${wanted} replicas ready`);
  if (spec?.updateStrategy?.type === "OnDelete") return READY;
  const toUpdate = wanted - Math.min(wanted, spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
  const rolled = status?.updateRevision === status?.currentRevision;
  const updated = rolled ? wanted : (status?.updatedReplicas ?? 0);
  return updated < toUpdate ? waiting(`${updated} of ${toUpdate} replicas updated`) : READY;
}

export function daemonSetReadiness(object: KubeObject): Readiness {
  const { metadata, spec, status } = object as unknown as V1DaemonSet;
  if (!status || (status.observedGeneration ?? 0) < (metadata?.generation ?? 0))
    return waiting("the controller has not seen the change");
  const wanted = status.desiredNumberScheduled;
  const { updatedNumberScheduled: updated = 0, numberAvailable: available = 0 } = status;
  if (spec?.updateStrategy?.type !== "OnDelete" && updated < wanted)
    return waiting(`${updated} of ${wanted} pods updated`);
  return available < wanted ? waiting(`${available} of ${wanted} pods available`) : READY;
}

export function jobReadiness(object: KubeObject): Readiness {
  const { spec, status } = object as unknown as V1Job;
  const failure = conditionOf(object, "Failed");
  if (failure?.status === "True") return failed(`it failed: ${failure.message ?? failure.reason ?? "no reason given"}`);
  if (spec?.suspend || conditionOf(object, "Complete")?.status === "True") return READY;
  return waiting(`${status?.succeeded ?? 0} of ${spec?.completions ?? 1} completions`);
}

export function podReadiness(object: KubeObject): Readiness {
  const { status } = object as unknown as V1Pod;
  if (status?.phase === "Failed")
    return failed(`it failed: ${status.message ?? status.reason ?? "a container ended badly"}`);
  if (status?.phase === "Succeeded" || conditionOf(object, "Ready")?.status === "True") return READY;
  return waiting(`phase ${status?.phase ?? "unknown"}`);
}
