import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { workloadLabels } from "./labels.ts";
import { podTemplate, type PodArgs } from "./pod.ts";

export interface OneTimeJobArgs extends PodArgs {
  readonly namespace: pulumi.Input<string>;
  /** Workload by which the table of flows knows its pod. */
  readonly workload: string;
  /** All that decides what it does: a change makes another Job, the same is never run twice. */
  readonly does: readonly unknown[];
  /** After this it has failed. In seconds. */
  readonly deadline: number;
  readonly after: readonly pulumi.Input<pulumi.Resource>[];
}

/** Runs something once, and again whenever that something changes: its name ends with a hash of it. */
export function oneTimeJob(name: string, args: OneTimeJobArgs, opts: pulumi.CustomResourceOptions): k8s.batch.v1.Job {
  const { namespace, workload, does, deadline, after } = args;
  const hash = createHash("sha256").update(JSON.stringify(does)).digest("hex").slice(0, 8);
  const template = podTemplate(workload, { ...args, podSpec: { restartPolicy: "Never", ...args.podSpec } });
  return new k8s.batch.v1.Job(
    `${name}-${hash}`,
    {
      metadata: { name: `${name}-${hash}`, namespace, labels: { ...workloadLabels(workload) } },
      spec: { backoffLimit: 3, activeDeadlineSeconds: deadline, template },
    },
    { ...opts, dependsOn: [...after], customTimeouts: { create: `${deadline + 60}s` } },
  );
}
