import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { nameLabel, workloadLabels } from "./labels.ts";

/**
 * Lets drains and upgrades take one pod of a workload at a time.
 * @param evictBroken let a pod that is not ready go in any case: right for services, wrong for members that hold data.
 */
export function oneAtATime(
  name: string,
  args: { readonly namespace: pulumi.Input<string>; readonly evictBroken: boolean },
  opts: pulumi.CustomResourceOptions,
): k8s.policy.v1.PodDisruptionBudget {
  return new k8s.policy.v1.PodDisruptionBudget(
    name,
    {
      metadata: { name, namespace: args.namespace, labels: { ...workloadLabels(name) } },
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: { [nameLabel]: name } },
        unhealthyPodEvictionPolicy: args.evictBroken ? "AlwaysAllow" : "IfHealthyBudget",
      },
    },
    opts,
  );
}
