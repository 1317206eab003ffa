import { AppsV1Api, KubeConfig, type V1Deployment, type V1StatefulSet } from "@kubernetes/client-node";
import { plainTable } from "./table.ts";

/** Put on everything that our program declares: components/workload/labels.ts. */
const ours = "app.kubernetes.io/part-of=dify-ha";

/** What runs, a row a workload. */
export interface WorkloadRow {
  readonly namespace: string;
  readonly name: string;
  readonly kind: "Deployment" | "StatefulSet";
  readonly ready: number;
  readonly wanted: number;
}

/** The workloads that the program has declared in this cluster, in the order of their names. */
export async function listWorkloads(kubeconfig: string): Promise<WorkloadRow[]> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const apps = config.makeApiClient(AppsV1Api);
  const [deployments, statefulSets] = await Promise.all([
    apps.listDeploymentForAllNamespaces({ labelSelector: ours }),
    apps.listStatefulSetForAllNamespaces({ labelSelector: ours }),
  ]);
  const rows = [
    ...deployments.items.map((item) => row(item, "Deployment")),
    ...statefulSets.items.map((item) => row(item, "StatefulSet")),
  ];
  return rows.sort((a, b) => `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`));
}

function row({ metadata, spec, status }: V1Deployment | V1StatefulSet, kind: WorkloadRow["kind"]): WorkloadRow {
  return {
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    kind,
    ready: status?.readyReplicas ?? 0,
    wanted: spec?.replicas ?? 1,
  };
}

export function workloadTable(rows: readonly WorkloadRow[]): string {
  return plainTable(
    ["namespace", "workload", "kind", "ready"],
    rows.map(({ namespace, name, kind, ready, wanted }) => [namespace, name, kind, `${ready}/${wanted}`]),
  );
}
