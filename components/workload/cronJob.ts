import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { workloadLabels } from "./labels.ts";
import { podTemplate, type PodArgs } from "./pod.ts";

export interface CronJobArgs extends PodArgs {
  readonly namespace: pulumi.Input<string>;
  /** Workload by which the table of flows knows its pods. */
  readonly workload: string;
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly schedule: string;
  /** IANA's name of the zone that the schedule means. */
  readonly timeZone: string;
  /** After this a run has failed. In seconds. */
  readonly deadline: number;
  readonly after: readonly pulumi.Input<pulumi.Resource>[];
}

/** A run that was missed, because nothing could be scheduled, is caught up with for so long. In seconds. */
const catchUp = 1800;

/** Runs something again and again, never twice at once. By hand: `kubectl create job --from=cronjob/NAME NAME-by-hand`. */
export function cronJob(name: string, args: CronJobArgs, opts: pulumi.CustomResourceOptions): k8s.batch.v1.CronJob {
  const { namespace, workload, schedule, timeZone, deadline, after } = args;
  const labels = workloadLabels(workload);
  return new k8s.batch.v1.CronJob(
    name,
    {
      metadata: { name, namespace, labels: { ...labels } },
      spec: {
        schedule,
        timeZone,
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: catchUp,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 5,
        jobTemplate: {
          metadata: { labels: { ...labels } },
          spec: {
            backoffLimit: 2,
            activeDeadlineSeconds: deadline,
            template: podTemplate(workload, { ...args, podSpec: { restartPolicy: "Never", ...args.podSpec } }),
          },
        },
      },
    },
    { ...opts, dependsOn: [...after] },
  );
}
