import { setTimeout as delay } from "node:timers/promises";
import type { V1Job } from "@kubernetes/client-node";
import { nameLabel } from "../../components/workload/labels.ts";
import type { Progress } from "../../local/failure.ts";
import { jobEnd } from "../jobEnd.ts";
import type { RestoreCluster } from "../restore/cluster.ts";
import { untilEnded } from "../restore/jobs.ts";
import { jobWorkload } from "./manifests.ts";
import { progressText } from "./progress.ts";

/**
 * Runs a Job to its end; one that an interrupted command has left at work is waited for, not begun again.
 * @returns what its pod says that it has found
 * @throws Failure with the last lines that it has printed
 */
export async function carry(cluster: RestoreCluster, job: V1Job, progress: Progress): Promise<unknown> {
  const namespace = cluster.namespaces.app;
  const name = job.metadata?.name ?? "";
  const left = await jobs(cluster);
  const atWork = left.find(({ metadata, status }) => metadata?.name === name && !jobEnd(status));
  // What carries the same files for another reason must have ended.
  await removeJobs(cluster, progress, atWork && name);
  if (!atWork) await cluster.ask(() => cluster.batch.createNamespacedJob({ namespace, body: job }));
  await untilEnded(cluster, name, (line) => progress(progressText(line)));
  const labelSelector = `batch.kubernetes.io/job-name=${name}`;
  const { items } = await cluster.ask(() => cluster.core.listNamespacedPod({ namespace, labelSelector }));
  const ended = items.flatMap(
    ({ status }) => status?.containerStatuses?.flatMap(({ state }) => state?.terminated ?? []) ?? [],
  );
  return JSON.parse(ended.find(({ exitCode }) => exitCode === 0)?.message ?? "{}");
}

async function jobs(cluster: RestoreCluster): Promise<V1Job[]> {
  const labelSelector = `${nameLabel}=${jobWorkload}`;
  return (
    await cluster.ask(() => cluster.batch.listNamespacedJob({ namespace: cluster.namespaces.app, labelSelector }))
  ).items;
}

/** Takes Jobs away with their pods, but for one. */
export async function removeJobs(cluster: RestoreCluster, progress: Progress, but?: string): Promise<void> {
  const namespace = cluster.namespaces.app;
  for (;;) {
    const others = (await jobs(cluster)).filter(({ metadata }) => metadata?.name !== but);
    if (others.length === 0) return;
    for (const { metadata } of others.filter((job) => !job.metadata?.deletionTimestamp)) {
      const name = metadata?.name ?? "";
      await cluster.present(() =>
        cluster.batch.deleteNamespacedJob({ name, namespace, propagationPolicy: "Foreground" }),
      );
    }
    progress(`waiting for the end of ${others.map(({ metadata }) => metadata?.name).join(", ")}`);
    await delay(1000);
  }
}
