import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { toBytes, toMillicores, type Resources } from "../../config/units.ts";
import { workloadLabels } from "../workload/labels.ts";

export interface DrillQuotaArgs {
  readonly namespace: pulumi.Input<string>;
  readonly workload: string;
  /** What the steps of one drill ask for: they run one after the other. */
  readonly steps: readonly Resources[];
  /** Room of one drill. */
  readonly scratch: string;
}

/** Drills that may run at once: one of each kind. */
const atOnce = 2;

/** What drills may take of the cluster together: they must not push aside what they are to protect. */
export class DrillQuota extends pulumi.ComponentResource {
  constructor(name: string, args: DrillQuotaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:drills:DrillQuota", name, {}, opts);
    const { namespace, workload, steps, scratch } = args;
    const memory = Math.max(...steps.map((step) => toBytes(step.memory)));
    const cpu = Math.max(...steps.map((step) => toMillicores(step.cpu)));
    const metadata = { name: workload, namespace, labels: { ...workloadLabels(workload) } };
    new k8s.core.v1.ResourceQuota(
      workload,
      {
        metadata,
        spec: {
          hard: {
            pods: `${2 * atOnce}`,
            "requests.cpu": `${atOnce * cpu}m`,
            "requests.memory": `${atOnce * memory}`,
            "limits.memory": `${atOnce * memory}`,
            persistentvolumeclaims: `${atOnce}`,
            "requests.storage": `${atOnce * toBytes(scratch)}`,
          },
        },
      },
      { parent: this },
    );
    new k8s.core.v1.LimitRange(
      workload,
      {
        metadata,
        spec: {
          limits: [
            { type: "Container", max: { memory: `${memory}` }, default: { memory: "256Mi" } },
            { type: "PersistentVolumeClaim", max: { storage: scratch } },
          ],
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
