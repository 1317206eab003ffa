import { setTimeout as delay } from "node:timers/promises";
import type { V1Job, V1PodSpec } from "@kubernetes/client-node";
import { Failure, type Progress } from "../../local/failure.ts";
import { jobEnd } from "../jobEnd.ts";
import type { RestoreCluster } from "./cluster.ts";

/**
 * Runs a Job of a CronJob to its end, as `kubectl create job --from` does.
 * @param env In place of what the CronJob says, in all of its containers.
 * @throws Failure with the last lines that the container which failed has printed.
 */
export async function runJob(
  cluster: RestoreCluster,
  cronJob: string,
  env: Readonly<Record<string, string>>,
  progress: Progress,
): Promise<void> {
  const namespace = cluster.namespaces.data;
  const template = await cluster.present(() => cluster.batch.readNamespacedCronJob({ name: cronJob, namespace }));
  if (!template) throw new Failure(`There is no CronJob ${cronJob} in ${namespace}: run pulumi up with this version.`);
  const name = `${cronJob}-${Date.now().toString(36)}`;
  const { metadata, spec } = template.spec?.jobTemplate ?? {};
  const pod = spec?.template;
  const body: V1Job = {
    metadata: { name, labels: { ...metadata?.labels, "dify-ha/restore": "job" } },
    ...(spec && {
      spec: {
        ...spec,
        backoffLimit: 1,
        ttlSecondsAfterFinished: 86_400,
        ...(pod?.spec && { template: { ...pod, spec: withEnvironment(pod.spec, env) } }),
      },
    }),
  };
  await cluster.ask(() => cluster.batch.createNamespacedJob({ namespace, body }));
  await untilEnded(cluster, name, progress);
}

function withEnvironment(spec: V1PodSpec, env: Readonly<Record<string, string>>): V1PodSpec {
  const changed = (containers: V1PodSpec["containers"]) =>
    containers.map((container) => ({
      ...container,
      env: [
        ...(container.env ?? []).filter(({ name }) => !(name in env)),
        ...Object.entries(env).map(([name, value]) => ({ name, value })),
      ],
    }));
  return {
    ...spec,
    containers: changed(spec.containers),
    ...(spec.initContainers && { initContainers: changed(spec.initContainers) }),
  };
}

/** Waits for the end of a Job of the data namespace. @throws Failure with the last lines that it has printed. */
export async function untilEnded(cluster: RestoreCluster, name: string, progress: Progress): Promise<void> {
  const namespace = cluster.namespaces.data;
  let told = "";
  for (;;) {
    const { status } = await cluster.ask(() => cluster.batch.readNamespacedJob({ name, namespace }));
    const end = jobEnd(status);
    if (end?.type === "Complete") return;
    if (end)
      throw new Failure(
        `Job ${name} failed (${end.reason ?? "no reason given"}):\n${indented(await printed(cluster, name, 8))}\nAll of it: kubectl -n ${namespace} logs job/${name} --all-containers`,
      );
    const line = await printed(cluster, name, 1).catch(() => "");
    if (line && line !== told) progress((told = line));
    await delay(2000);
  }
}

/** The last lines of the newest pod of a job, of the container that ran last. */
async function printed(cluster: RestoreCluster, job: string, lines: number): Promise<string> {
  const namespace = cluster.namespaces.data;
  const labelSelector = `batch.kubernetes.io/job-name=${job}`;
  const { items } = await cluster.core.listNamespacedPod({ namespace, labelSelector });
  const pod = items
    .sort((a, b) => Number(a.metadata?.creationTimestamp) - Number(b.metadata?.creationTimestamp))
    .at(-1);
  const statuses = [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])];
  const failed = statuses.find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  const container = (failed ?? statuses.findLast(({ state }) => state?.running ?? state?.terminated))?.name;
  if (!container) return "";
  const name = pod?.metadata?.name ?? "";
  return (await cluster.core.readNamespacedPodLog({ name, namespace, container, tailLines: lines })).trim();
}

const indented = (text: string): string => text.replaceAll(/^/gm, "  ");
