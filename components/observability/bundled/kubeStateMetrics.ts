import * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/kubernetes";
import type { BundledSettings } from "../../../config/bundledMonitoring.ts";
import type { ClusterSettings } from "../../../config/cluster.ts";
import { namespaceNames, type Area } from "../../network/namespaces.ts";
import { accountWith, grant, grantInCluster } from "../../workload/account.ts";
import { StatelessWorkload } from "../../workload/stateless.ts";
import { names, ports } from "./layout.ts";

export interface KubeStateMetricsArgs {
  readonly cluster: ClusterSettings;
  readonly namespaces: Readonly<Record<Area, pulumi.Input<string>>>;
  readonly settings: BundledSettings["kubeStateMetrics"];
}

const name = names.kubeStateMetrics;
const verbs = ["list", "watch"];

/** Account that owns nothing. */
const user = 65534;

/** Kinds that alerts are about, by their API group. Nodes belong to no namespace. */
export const watchedKinds = {
  "": ["pods"],
  apps: ["daemonsets", "deployments", "statefulsets"],
  batch: ["cronjobs", "jobs"],
} as const;
export const nodeKind = "nodes";

const rulesOf = (kinds: Readonly<Record<string, readonly string[]>>): types.input.rbac.v1.PolicyRule[] =>
  Object.entries(kinds).map(([group, resources]) => ({ apiGroups: [group], resources: [...resources], verbs }));

/** What it tells of: the kinds above in the stack's namespaces, and the zones of nodes. */
export function kubeStateMetricsArguments(cluster: Pick<ClusterSettings, "prefix">): string[] {
  return [
    `--port=${ports.kubeStateMetrics}`,
    `--telemetry-port=${ports.telemetry}`,
    `--namespaces=${Object.values(namespaceNames(cluster)).join(",")}`,
    `--resources=${[...Object.values(watchedKinds).flat(), nodeKind].toSorted().join(",")}`,
    "--metric-labels-allowlist=nodes=[topology.kubernetes.io/zone]",
  ];
}

/** kube-state-metrics with the rights that its part here takes: in the stack's namespaces, and to see nodes. */
export class KubeStateMetrics extends pulumi.ComponentResource {
  constructor(args: KubeStateMetricsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:observability:KubeStateMetrics", name, { settings: args.settings }, opts);
    const { cluster, namespaces, settings } = args;
    const asked = (path: string, port: number) => ({ httpGet: { path, port }, timeoutSeconds: 5 });
    new StatelessWorkload(
      name,
      {
        cluster,
        namespace: namespaces.data,
        // Either tells the same: Prometheus asks their Service.
        replicas: 2,
        ports: { http: ports.kubeStateMetrics },
        runAs: { user, group: user },
        serviceAccount: this.account(args),
        containers: [
          {
            name,
            image: settings.image,
            resources: settings.resources,
            args: kubeStateMetricsArguments(cluster),
            ports: [
              { name: "http", containerPort: ports.kubeStateMetrics },
              { name: "telemetry", containerPort: ports.telemetry },
            ],
            livenessProbe: { ...asked("/healthz", ports.kubeStateMetrics), periodSeconds: 10, failureThreshold: 6 },
            readinessProbe: { ...asked("/readyz", ports.telemetry), periodSeconds: 5, failureThreshold: 3 },
          },
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }

  private account({ cluster, namespaces }: KubeStateMetricsArgs): pulumi.Output<string> {
    const holder = { namespace: namespaces.data, workload: name };
    const child = { parent: this };
    const rights = Object.entries(namespaces).map(([area, namespace]) =>
      grant(holder, { namespace, rules: rulesOf(watchedKinds), name: `${name}-${area}` }, child),
    );
    const nodes = grantInCluster(holder, { cluster, rules: rulesOf({ "": [nodeKind] }) }, child);
    return accountWith(holder, [...rights, nodes], child);
  }
}
