import { z } from "zod";
import { Failure, messageOf, type Progress } from "../../local/failure.ts";
import type { Step } from "../../local/steps.ts";
import type { RestoreCluster } from "../restore/cluster.ts";
import { carry, removeJobs } from "./carry.ts";
import { carrierJob, deploymentOf, scriptsName, type Action } from "./manifests.ts";
import { readSaved } from "./saved.ts";
import { keepState, type Directory, type State } from "./state.ts";
import { storageSettings, type Target } from "./target.ts";
import {
  createDeployments,
  removeDeployments,
  restoreInstallation,
  scaleSets,
  untilPodsGone,
  untilReady,
} from "./workloads.ts";

const sizeSchema = z.object({ count: z.number(), bytes: z.number() });
const comparedSchema = z.object({ same: z.number(), written: z.number(), changed: z.number(), deleted: z.number() });
const broughtSchema = z.object({ written: z.number() });

/** All that comes after prepare. Each command is a list of steps, which may be killed and repeated. */
export class Migration {
  readonly #cluster: RestoreCluster;
  readonly #target: Target;
  #state: State;

  constructor(cluster: RestoreCluster, state: State, target: Target) {
    this.#cluster = cluster;
    this.#state = state;
    this.#target = target;
  }

  /** While Dify serves; again for what came since. @param bandwidth rclone's --bwlimit */
  copy(bandwidth: string | undefined): Step[] {
    return [
      {
        title: "See that there is a way back",
        run: async () => {
          await readSaved(this.#cluster, this.#state.saved);
          await this.#keep({ filled: true });
        },
      },
      ...this.#each("Copy", async (directory, progress) => {
        const { count, bytes } = sizeSchema.parse(await this.#carry("copy", directory, progress, bandwidth));
        progress(`the bucket has ${count} objects, ${bytes} bytes`);
      }),
      { title: "Keep that it was copied", run: () => this.#keep({ phase: "copied" }) },
    ];
  }

  /** Until the Deployments are made, whatever fails starts again what was stopped. */
  cutOver(): Step[] {
    const { workloads } = this.#state;
    const none = Object.fromEntries(workloads.map(({ name }) => [name, 0]));
    if (this.#state.served) return this.#start();
    return [
      {
        title: "Stop Dify's writers",
        run: this.#orAsBefore(async (progress) => {
          await readSaved(this.#cluster, this.#state.saved);
          await this.#keep({ phase: "cutting-over" });
          await scaleSets(this.#cluster, none);
          await untilPodsGone(this.#cluster, "StatefulSet", Object.keys(none), progress);
          await this.#keep({ cut: new Date().toISOString() });
        }),
      },
      ...this.#each("Send the last difference of", async (directory, progress) => {
        const send = this.#orAsBefore(async () => {
          const { count, bytes } = sizeSchema.parse(await this.#carry("final", directory, progress));
          progress(`directory and bucket both have ${count} files, ${bytes} bytes`);
        });
        await send(progress);
      }),
      ...this.#start(),
    ];
  }

  #start(): Step[] {
    const { workloads } = this.#state;
    return [
      {
        title: "Start Dify as Deployments, with the object store",
        run: async () => {
          const { statefulSets } = await readSaved(this.#cluster, this.#state.saved);
          const authority = this.#target.authority !== undefined;
          const deployments = workloads.map((workload) => {
            const set = statefulSets.find(({ metadata }) => metadata?.name === workload.name) ?? {};
            return deploymentOf(set, workload, storageSettings(this.#target, workload.role), authority);
          });
          await this.#keep({ served: true });
          await createDeployments(this.#cluster, deployments);
        },
      },
      {
        title: "Wait until they are ready",
        run: async (progress) => {
          await untilReady(this.#cluster, "Deployment", workloads, progress);
          await this.#keep({ phase: "cut-over" });
        },
      },
    ];
  }

  verify(): Step[] {
    return [
      {
        title: "Look whether all pods are ready",
        run: (progress) => untilReady(this.#cluster, "Deployment", this.#state.workloads, progress),
      },
      ...this.#each("Compare every byte of", async (directory, progress) => {
        const found = comparedSchema.parse(await this.#carry("verify", directory, progress));
        progress(
          `${found.same} as before, ${found.written} written and ${found.changed} changed since the cut and readable, ${found.deleted} deleted since`,
        );
      }),
      { title: "Keep that it was verified", run: () => this.#keep({ phase: "verified" }) },
    ];
  }

  rollBack(): Step[] {
    const { workloads } = this.#state;
    const names = workloads.map(({ name }) => name);
    return [
      {
        title: "Stop Dify",
        run: async (progress) => {
          await readSaved(this.#cluster, this.#state.saved);
          await this.#keep({ phase: "rolling-back" });
          await removeDeployments(this.#cluster, names, progress);
        },
      },
      ...(this.#state.served
        ? this.#each("Bring back what was written since the cut of", async (directory, progress) => {
            const { written } = broughtSchema.parse(await this.#carry("back", directory, progress));
            progress(`${written} files written since the cut are in ${directory.place}`);
          })
        : []),
      {
        title: "Start Dify as it was",
        run: async (progress) => {
          await removeJobs(this.#cluster, progress);
          // From here on the directories are what counts: nothing may be brought into them again.
          await this.#keep({ served: false });
          await restoreInstallation(this.#cluster, await readSaved(this.#cluster, this.#state.saved));
          await untilReady(this.#cluster, "StatefulSet", workloads, progress);
          await this.#keep({ phase: "rolled-back" });
        },
      },
    ];
  }

  finish(): Step[] {
    return [
      {
        title: "Take away what only the way back needed",
        run: async (progress) => {
          const namespace = this.#cluster.namespaces.app;
          const { apps, core } = this.#cluster;
          await removeJobs(this.#cluster, progress);
          for (const { name } of this.#state.workloads)
            await this.#cluster.present(() =>
              apps.deleteNamespacedStatefulSet({ name, namespace, propagationPolicy: "Orphan" }),
            );
          await this.#cluster.present(() => core.deleteNamespacedConfigMap({ name: scriptsName, namespace }));
          await this.#keep({ phase: "finished" });
        },
      },
    ];
  }

  #each(title: string, run: (directory: Directory, progress: Progress) => Promise<void>): Step[] {
    return this.#state.directories.map((directory) => ({
      title: `${title} ${directory.role}`,
      run: (progress) => run(directory, progress),
    }));
  }

  /** Dify must not stay stopped because of something that can be mended while it runs. */
  #orAsBefore(run: (progress: Progress) => Promise<void>): Step["run"] {
    return async (progress) => {
      try {
        await run(progress);
      } catch (error) {
        progress("starting again what was stopped");
        await removeJobs(this.#cluster, progress);
        await scaleSets(
          this.#cluster,
          Object.fromEntries(this.#state.workloads.map(({ name, replicas }) => [name, replicas])),
        );
        await this.#keep({ phase: "copied" });
        throw new Failure(`${messageOf(error)}\nNothing was cut over; what was stopped was started again.`);
      }
    };
  }

  #carry(action: Action, directory: Directory, progress: Progress, bandwidth?: string): Promise<unknown> {
    return carry(this.#cluster, carrierJob(action, directory, this.#state, this.#target, bandwidth), progress);
  }

  async #keep(changes: Partial<State>): Promise<void> {
    this.#state = { ...this.#state, ...changes };
    await keepState(this.#cluster, this.#state);
  }
}
