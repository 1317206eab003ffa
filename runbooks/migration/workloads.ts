import { setTimeout as delay } from "node:timers/promises";
import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import { Failure, type Progress } from "../../local/failure.ts";
import type { RestoreCluster } from "../restore/cluster.ts";
import type { Saved } from "./saved.ts";
import type { MovedWorkload } from "./state.ts";

/** Seconds that pods may take to end, or to become ready. Workflows may run that long. */
const patience = 3600;

const replicasAre = (value: number) => [{ op: "replace", path: "/spec/replicas", value }];

async function until(problem: () => Promise<string>, progress: Progress, advice: string): Promise<void> {
  const end = Date.now() + patience * 1000;
  for (;;) {
    const left = await problem();
    if (left === "") return;
    if (Date.now() > end) throw new Failure(`Still so after ${patience} s: ${left}. ${advice}`);
    progress(left);
    await delay(1000);
  }
}

/** Scales StatefulSets; one that is gone is passed over. */
export async function scaleSets(cluster: RestoreCluster, replicas: Readonly<Record<string, number>>): Promise<void> {
  const namespace = cluster.namespaces.app;
  for (const [name, value] of Object.entries(replicas))
    await cluster.present(() => cluster.apps.patchNamespacedStatefulSet({ name, namespace, body: replicasAre(value) }));
}

/** Waits until no pod of a StatefulSet, or of a Deployment, is left. */
export async function untilPodsGone(
  cluster: RestoreCluster,
  owner: "StatefulSet" | "Deployment",
  names: readonly string[],
  progress: Progress,
): Promise<void> {
  const namespace = cluster.namespaces.app;
  const isTheirs = ({ metadata, status }: V1Pod) =>
    !["Succeeded", "Failed"].includes(status?.phase ?? "") &&
    metadata?.ownerReferences?.some(({ kind, name }) =>
      owner === "StatefulSet"
        ? kind === owner && names.includes(name)
        : kind === "ReplicaSet" && names.includes(name.slice(0, name.lastIndexOf("-"))),
    );
  const left = async () => {
    const { items } = await cluster.ask(() => cluster.core.listNamespacedPod({ namespace }));
    const running = items.filter(isTheirs).map(({ metadata }) => metadata?.name);
    return running.length > 0 ? `${running.join(", ")} still run` : "";
  };
  await until(left, progress, "See why they do not end, then repeat the command.");
}

/** Makes the Deployments that are not there yet. */
export async function createDeployments(cluster: RestoreCluster, bodies: readonly V1Deployment[]): Promise<void> {
  const namespace = cluster.namespaces.app;
  for (const body of bodies) {
    const name = body.metadata?.name ?? "";
    const there = await cluster.present(() => cluster.apps.readNamespacedDeployment({ name, namespace }));
    if (!there) await cluster.ask(() => cluster.apps.createNamespacedDeployment({ namespace, body }));
  }
}

/** Stops Deployments and takes them away; those that are gone are passed over. */
export async function removeDeployments(
  cluster: RestoreCluster,
  names: readonly string[],
  progress: Progress,
): Promise<void> {
  const namespace = cluster.namespaces.app;
  for (const name of names)
    await cluster.present(() => cluster.apps.patchNamespacedDeployment({ name, namespace, body: replicasAre(0) }));
  await untilPodsGone(cluster, "Deployment", names, progress);
  for (const name of names)
    await cluster.present(() =>
      cluster.apps.deleteNamespacedDeployment({ name, namespace, propagationPolicy: "Foreground" }),
    );
}

/** Waits until all pods are ready. */
export async function untilReady(
  cluster: RestoreCluster,
  kind: "StatefulSet" | "Deployment",
  workloads: readonly MovedWorkload[],
  progress: Progress,
): Promise<void> {
  const namespace = cluster.namespaces.app;
  const missing = async () => {
    const lacking = await Promise.all(
      workloads.map(async ({ name, replicas }) => {
        const read = () =>
          kind === "StatefulSet"
            ? cluster.apps.readNamespacedStatefulSet({ name, namespace })
            : cluster.apps.readNamespacedDeployment({ name, namespace });
        const ready = (await cluster.ask(read)).status?.readyReplicas ?? 0;
        return ready < replicas ? [`${name} has ${ready} of ${replicas} pods ready`] : [];
      }),
    );
    return lacking.flat().join(", ");
  };
  await until(missing, progress, "See why they do not start; roll-back is possible at any time.");
}

/** Puts back what is missing of an installation, and starts it as it was. What others have changed in the meantime stays. */
export async function restoreInstallation(cluster: RestoreCluster, saved: Saved): Promise<void> {
  const namespace = cluster.namespaces.app;
  const { core, apps } = cluster;
  for (const body of saved.configMaps) {
    const name = body.metadata?.name ?? "";
    const there = await cluster.present(() => core.readNamespacedConfigMap({ name, namespace }));
    if (!there) await cluster.ask(() => core.createNamespacedConfigMap({ namespace, body }));
  }
  for (const body of saved.secrets) {
    const name = body.metadata?.name ?? "";
    const there = await cluster.present(() => core.readNamespacedSecret({ name, namespace }));
    if (!there) await cluster.ask(() => core.createNamespacedSecret({ namespace, body }));
  }
  for (const body of saved.statefulSets) {
    const name = body.metadata?.name ?? "";
    const there = await cluster.present(() => apps.readNamespacedStatefulSet({ name, namespace }));
    if (there) await scaleSets(cluster, { [name]: body.spec?.replicas ?? 1 });
    else await cluster.ask(() => apps.createNamespacedStatefulSet({ namespace, body }));
  }
}
