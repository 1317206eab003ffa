import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { backupKeys } from "./backupKeys.ts";
import { oneAtATime } from "./disruption.ts";
import { nameLabel, workloadLabels } from "./labels.ts";
import { podTemplate, type PodArgs } from "./pod.ts";
import { podService } from "./service.ts";
import { memberSpread } from "./spread.ts";

/** How a data set comes back when all its volumes are lost; policies hold every volume to it. */
export type BackupMethod =
  | "pgbackrest"
  | "redis-rdb"
  | "etcd-snapshot"
  | "object-copy"
  | "vector-backup"
  /** Files of the volume. */
  | "volume-copy"
  /** Holds nothing that is not derived from another data set. */
  | "rebuild";

export interface StatefulWorkloadArgs extends PodArgs {
  readonly namespace: pulumi.Input<string>;
  readonly replicas: number;
  /** Ports of its headless Service by name. */
  readonly ports: Readonly<Record<string, number>>;
  /** Volumes of each member: name to size. */
  readonly claims: Readonly<Record<string, string>>;
  readonly backup: BackupMethod;
  /** Start and stop members one after another, or all at once. @default "Parallel": peers must see each other to become ready */
  readonly podManagement?: "OrderedReady" | "Parallel";
  /** What must be there before the first pod starts; a component's own dependsOn does not reach its children. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
  /** Seconds to wait until all members are ready. @default 900 */
  readonly timeoutSeconds?: number;
}

/** Members that hold data: a StatefulSet with volumes, its headless Service and disruption budget. */
export class StatefulWorkload extends pulumi.ComponentResource {
  readonly statefulSet: k8s.apps.v1.StatefulSet;
  readonly service: k8s.core.v1.Service;

  constructor(name: string, args: StatefulWorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:workload:StatefulWorkload", name, args, opts);
    const child = { parent: this };
    this.service = podService(name, { namespace: args.namespace, ports: args.ports, headless: true }, child);
    this.statefulSet = this.declareStatefulSet(name, args);
    if (args.replicas > 1) oneAtATime(name, { namespace: args.namespace, evictBroken: false }, child);
    this.registerOutputs({ statefulSet: this.statefulSet.metadata.name });
  }

  private declareStatefulSet(name: string, args: StatefulWorkloadArgs): k8s.apps.v1.StatefulSet {
    const { cluster } = args;
    const pod = podTemplate(name, { priority: "data", ...args });
    return new k8s.apps.v1.StatefulSet(
      name,
      {
        metadata: {
          name,
          namespace: args.namespace,
          labels: { ...workloadLabels(name) },
          annotations: { [backupKeys.method]: args.backup },
        },
        spec: {
          replicas: args.replicas,
          serviceName: this.service.metadata.name,
          podManagementPolicy: args.podManagement ?? "Parallel",
          revisionHistoryLimit: 3,
          selector: { matchLabels: { [nameLabel]: name } },
          // A replaced StatefulSet must find the volumes of the one before.
          persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
          template: { ...pod, spec: { ...memberSpread(name, cluster.zones.length), ...pod.spec } },
          volumeClaimTemplates: Object.entries(args.claims).map(([claim, storage]) => ({
            metadata: { name: claim, labels: { ...workloadLabels(name) } },
            spec: {
              accessModes: ["ReadWriteOnce"],
              ...(cluster.storageClass && { storageClassName: cluster.storageClass }),
              resources: { requests: { storage } },
            },
          })),
        },
      },
      {
        parent: this,
        dependsOn: [...(args.after ?? [])],
        protect: cluster.protect,
        retainOnDelete: cluster.retain,
        customTimeouts: { create: `${args.timeoutSeconds ?? 900}s`, update: `${args.timeoutSeconds ?? 900}s` },
      },
    );
  }
}
