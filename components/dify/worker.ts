import * as pulumi from "@pulumi/pulumi";
import { StatelessWorkload } from "../workload/stateless.ts";
import { backendPod, type BackendArgs } from "./backend.ts";
import { beatProbes, workerProbes } from "./probes.ts";
import { runTermination } from "./termination.ts";

/** Does what is queued: runs, indexing, mail. On different hosts; told to end, a worker finishes its runs and takes no more. */
export class Worker extends pulumi.ComponentResource {
  constructor(name: string, args: BackendArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:Worker", name, {}, opts);
    const { settings, namespace, after = [] } = args;
    new StatelessWorkload(
      "worker",
      {
        ...backendPod("worker", args, { resources: settings.worker.resources, ...workerProbes }),
        namespace,
        replicas: settings.worker.replicas,
        spread: "host",
        graceSeconds: runTermination(settings).grace,
        after,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** The scheduler. Celery's has no lock, so that two would do everything twice: one pod, ended before the next begins. */
export class Beat extends pulumi.ComponentResource {
  constructor(name: string, args: BackendArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:Beat", name, {}, opts);
    const { settings, namespace, after = [] } = args;
    new StatelessWorkload(
      "beat",
      {
        ...backendPod("beat", args, { resources: settings.beat.resources, ...beatProbes }),
        namespace,
        replicas: 1,
        spread: "none",
        strategy: "Recreate",
        after,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
