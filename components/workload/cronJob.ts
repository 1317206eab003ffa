import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { backupKeys } from "./backupKeys.ts";
import { backupAnnotations, type DeclaredBackup } from "./declaredBackup.ts";
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
  /** Never runs by itself: a template from which others make Jobs. @default false */
  readonly suspended?: boolean;
  /** After this a run has failed. In seconds. */
  readonly deadline: number;
  /** The backup that a run makes. @default it makes none */
  readonly backup?: DeclaredBackup;
  /** How often a run that failed is tried again. One whose node was drained is begun anew in any case. @default 2 */
  readonly retries?: number;
  readonly after: readonly pulumi.Input<pulumi.Resource>[];
}

/** When a template runs: a date that no one waits for, as the field must be there. */
export const never = "0 0 1 1 *";

/** A run that was missed, because nothing could be scheduled, is caught up with for so long. In seconds. */
const catchUp = 1800;

/** For Kubernetes, a pod that was moved away has failed. */
const unlessDisrupted = {
  rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
};

/** Runs something again and again, never twice at once. By hand: `kubectl create job --from=cronjob/NAME NAME-by-hand`. */
export function cronJob(name: string, args: CronJobArgs, opts: pulumi.CustomResourceOptions): k8s.batch.v1.CronJob {
  const { namespace, workload, schedule, timeZone, suspended, deadline, retries = 2, backup, after } = args;
  const labels = workloadLabels(workload);
  const annotations = {
    ...(backup && backupAnnotations(backup)),
    ...(suspended && { [backupKeys.template]: "yes" }),
  };
  return new k8s.batch.v1.CronJob(
    name,
    {
      metadata: { name, namespace, labels: { ...labels }, ...(Object.keys(annotations).length > 0 && { annotations }) },
      spec: {
        schedule,
        timeZone,
        ...(suspended && { suspend: true }),
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: catchUp,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 5,
        jobTemplate: {
          metadata: { labels: { ...labels } },
          spec: {
            backoffLimit: retries,
            ...(retries === 0 && { podFailurePolicy: unlessDisrupted }),
            activeDeadlineSeconds: deadline,
            template: podTemplate(workload, { ...args, podSpec: { restartPolicy: "Never", ...args.podSpec } }),
          },
        },
      },
    },
    { ...opts, dependsOn: [...after] },
  );
}
