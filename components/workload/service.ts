import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { nameLabel, workloadLabels } from "./labels.ts";

export interface PodServiceArgs {
  readonly namespace: pulumi.Input<string>;
  /** Port numbers by name; the pods listen on the same. */
  readonly ports: Readonly<Record<string, number>>;
  /** Workload whose pods it leads to. @default the Service's own name */
  readonly workload?: string;
  /** One address for each pod in place of one for all. */
  readonly headless?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Anything else of the Service's specification. */
  readonly spec?: Partial<k8s.types.input.core.v1.ServiceSpec>;
}

/** A Service that leads to the pods of a workload. */
export function podService(
  name: string,
  args: PodServiceArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Service {
  const { annotations, workload = name } = args;
  return new k8s.core.v1.Service(
    name,
    {
      metadata: {
        name,
        namespace: args.namespace,
        labels: { ...workloadLabels(workload) },
        ...(annotations && { annotations }),
      },
      spec: {
        selector: { [nameLabel]: workload },
        ports: Object.entries(args.ports).map(([port, number]) => ({ name: port, port: number, targetPort: number })),
        // Peers must find a member of a cluster before it is ready to serve.
        ...(args.headless && { clusterIP: "None", publishNotReadyAddresses: true }),
        ...args.spec,
      },
    },
    opts,
  );
}

/** A Service that leads to one pod of a StatefulSet, also while it is not ready: an address that outlives the pod's own. */
export function memberService(
  pod: string,
  args: Pick<PodServiceArgs, "namespace" | "ports" | "workload">,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Service {
  const selector = { "statefulset.kubernetes.io/pod-name": pod };
  return podService(pod, { ...args, spec: { selector, publishNotReadyAddresses: true } }, opts);
}

/** What the names of a namespace's Services end with. */
export function serviceDomain(namespace: string): string {
  return `${namespace}.svc.cluster.local`;
}

/** Fully qualified name, the same from every namespace. */
export function serviceHost(name: string, namespace: string): string {
  return `${name}.${serviceDomain(namespace)}`;
}
