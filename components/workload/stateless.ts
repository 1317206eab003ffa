import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Autoscaling } from "../../config/scaling.ts";
import { oneAtATime } from "./disruption.ts";
import { nameLabel, workloadLabels } from "./labels.ts";
import { podTemplate, type PodArgs } from "./pod.ts";
import { podService } from "./service.ts";
import { deploymentSpread, type Spread } from "./spread.ts";

export interface StatelessWorkloadArgs extends PodArgs {
  readonly namespace: pulumi.Input<string>;
  /** A fixed number, or the bounds within which the autoscaler chooses. */
  readonly replicas: number | Autoscaling;
  /** What two replicas must not share. @default "zone" */
  readonly spread?: Spread;
  /** Ports of its Service by name; no Service when left out. */
  readonly ports?: Readonly<Record<string, number>>;
  /** "Recreate" for what must never run twice. @default "RollingUpdate" */
  readonly strategy?: "RollingUpdate" | "Recreate";
  /** What must be there before the first pod starts; a component's own dependsOn does not reach its children. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
  /** Seconds to wait for the rollout. @default 600 */
  readonly timeoutSeconds?: number;
}

/** Pods that keep nothing: a Deployment with its Service, disruption budget and, where asked for, autoscaler. */
export class StatelessWorkload extends pulumi.ComponentResource {
  readonly deployment: k8s.apps.v1.Deployment;
  readonly service: k8s.core.v1.Service | undefined;

  constructor(name: string, args: StatelessWorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:workload:StatelessWorkload", name, args, opts);
    const child = { parent: this };
    const scaled = typeof args.replicas === "number" ? undefined : args.replicas;
    this.deployment = this.declareDeployment(name, args);
    this.service = args.ports && podService(name, { namespace: args.namespace, ports: args.ports }, child);
    if (args.replicas !== 1) oneAtATime(name, { namespace: args.namespace, evictBroken: true }, child);
    if (scaled) this.autoscaler(name, args.namespace, scaled);
    this.registerOutputs({ deployment: this.deployment.metadata.name });
  }

  private declareDeployment(name: string, args: StatelessWorkloadArgs): k8s.apps.v1.Deployment {
    const pod = podTemplate(name, args);
    const recreate = args.strategy === "Recreate";
    return new k8s.apps.v1.Deployment(
      name,
      {
        metadata: { name, namespace: args.namespace, labels: { ...workloadLabels(name) } },
        spec: {
          // The autoscaler owns the number of replicas: stating it here would fight with it at every update.
          ...(typeof args.replicas === "number" && { replicas: args.replicas }),
          revisionHistoryLimit: 3,
          selector: { matchLabels: { [nameLabel]: name } },
          strategy: recreate
            ? { type: "Recreate" }
            : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            ...pod,
            spec: {
              topologySpreadConstraints: deploymentSpread(name, args.spread ?? "zone"),
              ...pod.spec,
            },
          },
        },
      },
      {
        parent: this,
        dependsOn: [...(args.after ?? [])],
        customTimeouts: { create: `${args.timeoutSeconds ?? 600}s`, update: `${args.timeoutSeconds ?? 600}s` },
      },
    );
  }

  private autoscaler(name: string, namespace: pulumi.Input<string>, scaling: Autoscaling): void {
    const metrics: k8s.types.input.autoscaling.v2.MetricSpec[] = [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: scaling.cpuPercent } },
      },
    ];
    if (scaling.queue)
      metrics.push({
        type: "External",
        external: {
          metric: { name: scaling.queue.metric },
          target: { type: "AverageValue", averageValue: `${scaling.queue.perReplica}` },
        },
      });
    new k8s.autoscaling.v2.HorizontalPodAutoscaler(
      name,
      {
        metadata: { name, namespace, labels: { ...workloadLabels(name) } },
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
          minReplicas: scaling.min,
          maxReplicas: scaling.max,
          metrics,
          // A queue that empties for a moment must not end half of the workers.
          behavior: {
            scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
          },
        },
      },
      { parent: this },
    );
  }
}
