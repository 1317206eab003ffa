import type * as pulumi from "@pulumi/pulumi";
import { podService } from "../workload/service.ts";

/** Name of a Service that names each ready pod of a workload by its own address. */
export function podsOf(workload: string): string {
  return `${workload}-pods`;
}

/**
 * Such a Service, for the gateway: it then tries the next pod when one does not answer, where behind one common address a third of
 * all requests would fail until a dead node is noticed.
 */
export function readyPods(
  workload: string,
  args: { readonly namespace: pulumi.Input<string>; readonly ports: Readonly<Record<string, number>> },
  opts: pulumi.CustomResourceOptions,
): void {
  podService(podsOf(workload), { ...args, workload, headless: true, spec: { publishNotReadyAddresses: false } }, opts);
}
