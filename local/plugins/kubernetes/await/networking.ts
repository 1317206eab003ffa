import type { V1EndpointSlice, V1Ingress, V1Service } from "@kubernetes/client-node";
import type { Cluster } from "../cluster.ts";
import type { KubeObject } from "../object.ts";
import { READY, waiting, type Readiness } from "./readiness.ts";

/**
 * A load balancer needs its address. A Service with a selector needs one ready endpoint, but only when pods that it selects exist
 * already: in a program the pods mostly come later, and the vendor's plugin then waits 10 s for nothing.
 */
export async function serviceReadiness(object: KubeObject, cluster: Cluster): Promise<Readiness> {
  const { metadata, spec, status } = object as unknown as V1Service;
  if (spec?.type === "ExternalName") return READY;
  if (spec?.type === "LoadBalancer" && !status?.loadBalancer?.ingress?.length)
    return waiting("no load balancer address yet");
  if (!spec?.selector || Object.keys(spec.selector).length === 0 || spec.clusterIP === "None") return READY;
  const root = `namespaces/${metadata?.namespace ?? "default"}`;
  const labelSelector = Object.entries(spec.selector)
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
  const pods = await cluster.list(`/api/v1/${root}/pods`, { labelSelector, limit: "1" });
  if (pods.length === 0) return READY;
  const slices = await cluster.list(`/apis/discovery.k8s.io/v1/${root}/endpointslices`, {
    labelSelector: `kubernetes.io/service-name=${metadata?.name ?? ""}`,
  });
  const endpoints = (slices as unknown as V1EndpointSlice[]).flatMap((slice) => slice.endpoints ?? []);
  return endpoints.some((endpoint) => endpoint.conditions?.ready)
    ? READY
    : waiting("none of the pods it selects is ready");
}

export function ingressReadiness(object: KubeObject): Readiness {
  const { status } = object as unknown as V1Ingress;
  return status?.loadBalancer?.ingress?.length ? READY : waiting("no address yet");
}
