import { setTimeout as delay } from "node:timers/promises";
import { nameLabel } from "../../components/workload/labels.ts";
import { Failure, type Progress } from "../../local/failure.ts";
import type { RestoreCluster } from "./cluster.ts";

/** Workloads of the application that write to databases, buckets or Redis. */
const writers = ["api", "websocket", "worker", "beat", "plugin-daemon", "agent-backend"];

const mergePatch = [{ op: "replace", path: "/spec/replicas" }] as const;

/** Pods of each writer's Deployment, by its name. */
export async function writerReplicas(cluster: RestoreCluster): Promise<Record<string, number>> {
  const namespace = cluster.namespaces.app;
  const labelSelector = `${nameLabel} in (${writers.join(",")})`;
  const { items } = await cluster.ask(() => cluster.apps.listNamespacedDeployment({ namespace, labelSelector }));
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata?.name ?? "", spec?.replicas ?? 1]));
}

/** Gives each Deployment so many pods. At 0 an autoscaler leaves it alone. */
export async function scale(cluster: RestoreCluster, replicas: Readonly<Record<string, number>>): Promise<void> {
  const namespace = cluster.namespaces.app;
  for (const [name, value] of Object.entries(replicas)) {
    const body = mergePatch.map((change) => ({ ...change, value }));
    await cluster.ask(() => cluster.apps.patchNamespacedDeployment({ name, namespace, body }));
  }
}

/** Waits until no pod of a writer is left. @throws Failure after so many seconds. */
export async function untilGone(cluster: RestoreCluster, progress: Progress, seconds = 900): Promise<void> {
  const wanted = { namespace: cluster.namespaces.app, labelSelector: `${nameLabel} in (${writers.join(",")})` };
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const { items } = await cluster.ask(() => cluster.core.listNamespacedPod(wanted));
    const left = items.filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed");
    if (left.length === 0) return;
    const names = left.map(({ metadata }) => metadata?.name ?? "").join(", ");
    if (Date.now() > end) throw new Failure(`Writers still run after ${seconds} s: ${names}. See why they do not end.`);
    progress(`${left.length} pods still run`);
    await delay(2000);
  }
}

/** Deployments with fewer ready pods than they should have. */
export async function unreadyWriters(
  cluster: RestoreCluster,
  wanted: Readonly<Record<string, number>>,
): Promise<string[]> {
  const namespace = cluster.namespaces.app;
  const found = await Promise.all(
    Object.entries(wanted).map(async ([name, replicas]) => {
      const { status } = await cluster.ask(() => cluster.apps.readNamespacedDeployment({ name, namespace }));
      const ready = status?.readyReplicas ?? 0;
      return ready < replicas ? [`${name} has ${ready} of ${replicas} pods ready`] : [];
    }),
  );
  return found.flat();
}

/** CronJobs of the data namespace that run by their schedules. */
export async function activeSchedules(cluster: RestoreCluster): Promise<string[]> {
  const namespace = cluster.namespaces.data;
  const { items } = await cluster.ask(() => cluster.batch.listNamespacedCronJob({ namespace }));
  return items.filter(({ spec }) => spec?.suspend !== true).map(({ metadata }) => metadata?.name ?? "");
}

/** Holds CronJobs back, or lets them go on. One that is gone meanwhile needs neither. */
export async function suspend(cluster: RestoreCluster, names: readonly string[], value: boolean): Promise<void> {
  const namespace = cluster.namespaces.data;
  const body = [{ op: "add", path: "/spec/suspend", value }];
  for (const name of names)
    await cluster.present(() => cluster.batch.patchNamespacedCronJob({ name, namespace, body }));
}

/** Waits until no job of these schedules is at work. @throws Failure after so many seconds. */
export async function untilIdle(
  cluster: RestoreCluster,
  schedules: readonly string[],
  progress: Progress,
  seconds = 3600,
): Promise<void> {
  const namespace = cluster.namespaces.data;
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const { items } = await cluster.ask(() => cluster.batch.listNamespacedJob({ namespace }));
    const busy = items
      .filter(({ metadata, status }) => {
        const owner = metadata?.ownerReferences?.find(({ kind }) => kind === "CronJob")?.name;
        return (status?.active ?? 0) > 0 && owner !== undefined && schedules.includes(owner);
      })
      .map(({ metadata }) => metadata?.name ?? "");
    if (busy.length === 0) return;
    if (Date.now() > end)
      throw new Failure(`Jobs are still at work after ${seconds} s: ${busy.join(", ")}. Delete them.`);
    progress(`waiting for ${busy.join(", ")}`);
    await delay(3000);
  }
}
