import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { Placement } from "../../config/placement.ts";
import { checksumAnnotation, configurationChecksum, type Configuration } from "./checksum.ts";
import { container, writableVolume, type ContainerArgs } from "./container.ts";
import { dnsConfig } from "./dns.ts";
import { workloadLabels } from "./labels.ts";

/** How long what matters most survives when a node runs short: data before services. */
export type Priority = "data" | "service";

/** Name of the PriorityClass of an environment. */
export function priorityClass(cluster: Pick<ClusterSettings, "prefix">, priority: Priority): string {
  return `${cluster.prefix}-${priority}`;
}

/** A pod as components state it: what differs from one workload to the next. */
export interface PodArgs {
  readonly cluster: ClusterSettings;
  /** User and group that the image's program runs as; volumes belong to the group. Root needs `security` in the container. */
  readonly runAs: { readonly user: number; readonly group: number };
  readonly containers: readonly ContainerArgs[];
  readonly initContainers?: readonly ContainerArgs[];
  readonly volumes?: readonly types.input.core.v1.Volume[];
  /** ConfigMaps and Secrets that the containers read: a change of theirs rolls the pods. */
  readonly reads?: readonly Configuration[];
  /** Seconds between the request to end and the kill. @default 30 */
  readonly graceSeconds?: number;
  /** @default "service" */
  readonly priority?: Priority;
  /** @default any node without a taint */
  readonly nodes?: Placement;
  /** Account whose token the pod gets; none when left out. */
  readonly serviceAccount?: pulumi.Input<string>;
  readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Anything else of the pod's specification. */
  readonly podSpec?: Partial<types.input.core.v1.PodSpec>;
}

/** A template whose parts are at hand, to be built upon. */
export interface PodTemplate {
  readonly metadata: types.input.meta.v1.ObjectMeta;
  readonly spec: types.input.core.v1.PodSpec;
}

/** Pod template with safe defaults: not root, read-only root, no capabilities, no token, no service links. */
export function podTemplate(name: string, args: PodArgs): PodTemplate {
  const { cluster, runAs, containers, initContainers = [], volumes = [], reads = [] } = args;
  const writable = [...initContainers, ...containers].flatMap((c) =>
    (c.writable ?? []).map((path) => ({ name: writableVolume(c.name, path), emptyDir: {} })),
  );
  const allVolumes = [...volumes, ...writable];
  const annotations = {
    ...args.annotations,
    ...(reads.length > 0 && { [checksumAnnotation]: configurationChecksum(reads) }),
  };
  return {
    metadata: { labels: { ...workloadLabels(name) }, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: {
      automountServiceAccountToken: args.serviceAccount !== undefined,
      ...(args.serviceAccount !== undefined && { serviceAccountName: args.serviceAccount }),
      enableServiceLinks: false,
      dnsConfig,
      priorityClassName: priorityClass(cluster, args.priority ?? "service"),
      terminationGracePeriodSeconds: args.graceSeconds ?? 30,
      ...(cluster.imagePullSecrets.length > 0 && {
        imagePullSecrets: cluster.imagePullSecrets.map((s) => ({ name: s })),
      }),
      securityContext: {
        runAsNonRoot: runAs.user !== 0,
        runAsUser: runAs.user,
        runAsGroup: runAs.group,
        fsGroup: runAs.group,
        // Without it each start walks through the whole volume.
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(initContainers.length > 0 && { initContainers: initContainers.map(container) }),
      containers: containers.map(container),
      ...(allVolumes.length > 0 && { volumes: allVolumes }),
      ...(args.nodes && placed(args.nodes)),
      ...args.podSpec,
    },
  };
}

/** Says nothing where nothing is asked: an empty selector would show up as a change of every pod. */
function placed({
  selector,
  tolerations,
}: Placement): Pick<types.input.core.v1.PodSpec, "nodeSelector" | "tolerations"> {
  return {
    ...(Object.keys(selector).length > 0 && { nodeSelector: selector }),
    ...(tolerations.length > 0 && { tolerations: tolerations.map((toleration) => ({ ...toleration })) }),
  };
}
