import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { nameLabel, workloadLabels } from "./labels.ts";
import { podTemplate, type PodArgs } from "./pod.ts";
import { podService } from "./service.ts";

export interface PerNodeWorkloadArgs extends PodArgs {
  readonly namespace: pulumi.Input<string>;
  /** Ports of its Service by name. */
  readonly ports: Readonly<Record<string, number>>;
  /** What must be there before the first pod starts; a component's own dependsOn does not reach its children. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
  /** Seconds to wait for the rollout. @default 600 */
  readonly timeoutSeconds?: number;
}

/** Of a Service that leads a client to the pod of its own node; to another where there is none. Wants Kubernetes 1.34. */
export const sameNode = { trafficDistribution: "PreferSameNode" } as const;

/**
 * One pod on each node (of `cluster.clientNodes`), and a Service that leads a client to the one of its own node; to another where there is none.
 *
 * Nobody tells a Service's clients that a node has died: for the 40 to 50 s until it counts as not ready, kube-proxy gives its share of all
 * connections to the dead pods, and no packet ever ends those that were open. A proxy on the client's own node dies with the client and with
 * nobody else; it knows within seconds who is dead, and ends what was connected to them.
 */
export class PerNodeWorkload extends pulumi.ComponentResource {
  readonly daemonSet: k8s.apps.v1.DaemonSet;
  readonly service: k8s.core.v1.Service;

  constructor(name: string, args: PerNodeWorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    // Proxies were Deployments with a Service, or a Service alone.
    const aliases = [{ type: "dify-ha:workload:StatelessWorkload" }];
    super("dify-ha:workload:PerNodeWorkload", name, args, pulumi.mergeOptions(opts, { aliases }));
    const { namespace, ports } = args;
    const child = { parent: this };
    this.daemonSet = this.declareDaemonSet(name, args);
    const spec = { trafficDistribution: "PreferSameNode" };
    const before = opts?.parent ? [{ parent: opts.parent }] : [];
    this.service = podService(name, { namespace, ports, spec }, { ...child, aliases: before });
    this.registerOutputs({ daemonSet: this.daemonSet.metadata.name });
  }

  private declareDaemonSet(name: string, args: PerNodeWorkloadArgs): k8s.apps.v1.DaemonSet {
    const timeout = `${args.timeoutSeconds ?? 600}s`;
    return new k8s.apps.v1.DaemonSet(
      name,
      {
        metadata: { name, namespace: args.namespace, labels: { ...workloadLabels(name) } },
        spec: {
          revisionHistoryLimit: 3,
          selector: { matchLabels: { [nameLabel]: name } },
          // The new one serves before the old one ends.
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          template: podTemplate(name, { nodes: args.cluster.clientNodes, ...args }),
        },
      },
      { parent: this, dependsOn: [...(args.after ?? [])], customTimeouts: { create: timeout, update: timeout } },
    );
  }
}
