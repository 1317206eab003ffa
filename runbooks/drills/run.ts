import { setTimeout as delay } from "node:timers/promises";
import { Writable } from "node:stream";
import {
  BatchV1Api,
  CoreV1Api,
  Log,
  type KubeConfig,
  type V1ContainerStatus,
  type V1Pod,
} from "@kubernetes/client-node";
import { Failure } from "../../local/failure.ts";
import { clusterProblem, isNotFound } from "../cluster.ts";
import { jobEnd } from "../jobEnd.ts";
import type { OpenDrills } from "./open.ts";
import { drillKinds, type DrillKind } from "./result.ts";

/** Seconds for which a pod may wait for a node, an image or its volume. */
const patience = 600;

/** `drills run`: a drill now, with its progress. False when it has failed. */
export function run(kind: string) {
  return async ({ namespace, cluster }: OpenDrills): Promise<boolean> => {
    if (!isKind(kind)) throw new Failure(`"${kind}" is no kind of drill: there are ${drillKinds.join(" and ")}.`);
    if (namespace === undefined)
      throw new Failure("The stack has no drills: set dify-ha:drills.enabled, and run Postgres in the stack.");
    const config = cluster();
    try {
      const job = await begin(config, namespace, kind);
      console.log(
        `Job ${job} in namespace ${namespace}. It goes on when this ends: kubectl -n ${namespace} get job ${job}`,
      );
      return await follow(config, namespace, job);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(clusterProblem(error, config));
    }
  };
}

const isKind = (kind: string): kind is DrillKind => drillKinds.some((each) => each === kind);

/** Makes a Job of what the schedule would run; its name. */
async function begin(config: KubeConfig, namespace: string, kind: DrillKind): Promise<string> {
  const batch = config.makeApiClient(BatchV1Api);
  const name = `drill-${kind}`;
  const cronJob = await batch.readNamespacedCronJob({ name, namespace }).catch((error: unknown) => {
    if (isNotFound(error)) throw new Failure(`Namespace ${namespace} has no CronJob ${name}: run pulumi up.`);
    throw error;
  });
  if (cronJob.status?.active?.length)
    throw new Failure(`Drill ${cronJob.status.active[0]?.name ?? ""} is under way: wait until it has ended.`);
  const job = await batch.createNamespacedJob({
    namespace,
    body: {
      metadata: {
        generateName: `${name}-by-hand-`,
        labels: cronJob.spec?.jobTemplate.metadata?.labels ?? {},
        annotations: { "cronjob.kubernetes.io/instantiate": "manual" },
      },
      spec: { ...cronJob.spec?.jobTemplate.spec, template: cronJob.spec?.jobTemplate.spec?.template ?? {} },
    },
  });
  return job.metadata?.name ?? "";
}

/** Prints what the steps say, one after the other, until the Job has ended. */
async function follow(config: KubeConfig, namespace: string, job: string): Promise<boolean> {
  const core = config.makeApiClient(CoreV1Api);
  const batch = config.makeApiClient(BatchV1Api);
  const log = new Log(config);
  const printed = new Set<string>();
  const deadline = Date.now() + patience * 1000;
  for (;;) {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` });
    for (const pod of items) {
      const next = startedContainers(pod).find((name) => !printed.has(`${pod.metadata?.uid}/${name}`));
      if (next === undefined) continue;
      await printLog(log, namespace, pod.metadata?.name ?? "", next);
      printed.add(`${pod.metadata?.uid}/${next}`);
    }
    const { status } = await batch.readNamespacedJobStatus({ name: job, namespace });
    const ended = jobEnd(status);
    const unread = items.some((pod) =>
      startedContainers(pod).some((name) => !printed.has(`${pod.metadata?.uid}/${name}`)),
    );
    if (ended && !unread) {
      console.log(ended.type === "Complete" ? "The drill has passed." : `The drill has FAILED. ${ended.message ?? ""}`);
      return ended.type === "Complete";
    }
    if (printed.size === 0 && Date.now() > deadline)
      throw new Failure(
        `Job ${job} has not begun within ${patience} s: kubectl -n ${namespace} describe job ${job}, and its pod, say why.`,
      );
    await delay(1000);
  }
}

/** Names of containers whose log can be read, in the order in which they run. */
function startedContainers({ status }: V1Pod): string[] {
  const started = ({ state }: V1ContainerStatus) => state?.running !== undefined || state?.terminated !== undefined;
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    .filter(started)
    .map(({ name }) => name);
}

/** Until the container has ended. */
async function printLog(log: Log, namespace: string, pod: string, container: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const out = new Writable({
    write: (chunk: Buffer, _, done) => void process.stdout.write(chunk, () => done()),
    final: (done) => {
      done();
      resolve();
    },
  });
  out.once("close", resolve).once("error", () => resolve());
  await log.log(namespace, pod, container, out, { follow: true });
  await promise;
}
