import { BatchV1Api, type KubeConfig, type V1Job } from "@kubernetes/client-node";
import { clusterProblem } from "../cluster.ts";
import { jobEnd } from "../jobEnd.ts";

/** How the runs of a CronJob went. */
export interface JobState {
  readonly name: string;
  readonly suspended: boolean;
  readonly lastSuccess: Date | undefined;
  /** Of the newest run that has ended, if it failed. */
  readonly failed: { readonly job: string; readonly at: Date; readonly why: string } | undefined;
}

/** Asks the cluster for its CronJobs, and how their last runs went. */
export async function readJobs(config: KubeConfig, namespace: string): Promise<JobState[]> {
  const batch = config.makeApiClient(BatchV1Api);
  try {
    const [{ items: cronJobs }, { items: jobs }] = await Promise.all([
      batch.listNamespacedCronJob({ namespace }),
      batch.listNamespacedJob({ namespace }),
    ]);
    return cronJobs.map(({ metadata, spec, status }) => {
      const runs = jobs.filter((job) => job.metadata?.ownerReferences?.some(({ uid }) => uid === metadata?.uid));
      return {
        name: metadata?.name ?? "",
        suspended: spec?.suspend === true,
        lastSuccess: status?.lastSuccessfulTime,
        failed: lastFailure(runs),
      };
    });
  } catch (error) {
    throw new Error(clusterProblem(error, config));
  }
}

function lastFailure(runs: readonly V1Job[]): JobState["failed"] {
  const ends = runs.flatMap(({ metadata, status }) => {
    const end = jobEnd(status);
    return end?.lastTransitionTime ? [{ ...end, job: metadata?.name ?? "", at: end.lastTransitionTime }] : [];
  });
  const last = ends.toSorted((a, b) => a.at.getTime() - b.at.getTime()).at(-1);
  if (last?.type !== "Failed") return undefined;
  return { job: last.job, at: last.at, why: last.message ?? last.reason ?? "it does not say why" };
}
