import { restoreJobs } from "../../components/restore/restore.ts";
import { messageOf, Failure, type Progress } from "../../local/failure.ts";
import type { Step } from "../../local/steps.ts";
import { restoreObjects } from "./clusterObjects.ts";
import { jobEnvironment } from "./environment.ts";
import { runJob } from "./jobs.ts";
import type { Restoration } from "./open.ts";
import { hasDestroyed, remaining, type Plan, type StepName } from "./plan.ts";
import { keepPlan } from "./planStore.ts";
import { activeSchedules, scale, suspend, untilGone, untilIdle, writerReplicas } from "./writers.ts";

/** What each step does, in words; `--dry-run` prints them. */
export function described(plan: Plan): string[] {
  const { target, from } = plan;
  const job = (part: "objects" | "redis") =>
    `a Job of CronJob ${restoreJobs[part]} with ${assignments(jobEnvironment(part, { target, from }, "restore"))}`;
  const texts: Record<StepName, string> = {
    "cluster-objects": `Velero puts back what is missing of its backup ${plan.velero ?? ""}; what is there stays`,
    "hold-schedules": "suspend the CronJobs of the data namespace, and wait until none is at work",
    "stop-writers": "scale Dify's writers to 0, and remember how many there were",
    "last-backup": "a Job of CronJob coordinated-backup: what is there now stays restorable by its record",
    postgres: `pause Patroni, put one member back with ${assignments(plan.postgres ?? {})}, copy it to the others, resume`,
    objects: job("objects"),
    redis: job("redis"),
    "start-writers": "scale Dify's writers to what they were",
    "release-schedules": "let the CronJobs run by their schedules again",
  };
  return remaining(plan).map((step) => `${step}: ${texts[step]}`);
}

const assignments = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${/^[\w.:-]*$/.test(value) ? value : JSON.stringify(value)}`)
    .join(" ");

const titles: Record<StepName, string> = {
  "cluster-objects": "Put missing objects of the cluster back",
  "hold-schedules": "Hold schedules of backups back",
  "stop-writers": "Stop Dify's writers",
  "last-backup": "Take a last backup of what is there",
  postgres: "Put Postgres back",
  objects: "Put the buckets back",
  redis: "Put Redis back",
  "start-writers": "Start Dify's writers",
  "release-schedules": "Let schedules of backups go on",
};

/** `restore execute`: does what of a plan is left to do. What is killed in the middle of a step does that step again. */
export class Execution {
  readonly #restoration: Restoration;
  #plan: Plan;

  constructor(restoration: Restoration, plan: Plan) {
    this.#restoration = restoration;
    this.#plan = plan;
  }

  get steps(): Step[] {
    return remaining(this.#plan).map((name) => ({
      title: titles[name],
      run: async (progress) => {
        if (!this.#plan.begun.includes(name)) await this.#keep({ begun: [...this.#plan.begun, name] });
        try {
          await this.#do(name, progress);
        } catch (error) {
          if (hasDestroyed(this.#plan)) throw error;
          await this.#undo(progress);
          throw new Failure(`${messageOf(error)}\nNothing was put back; what was stopped was started again.`);
        }
        await this.#keep({ done: { ...this.#plan.done, [name]: new Date().toISOString() } });
      },
    }));
  }

  async #keep(changes: Partial<Plan>): Promise<void> {
    this.#plan = { ...this.#plan, ...changes };
    await keepPlan(this.#restoration.cluster, this.#plan);
  }

  async #do(name: StepName, progress: Progress): Promise<void> {
    const { cluster, members } = this.#restoration;
    const { target, from, postgres, velero } = this.#plan;
    switch (name) {
      case "cluster-objects":
        return restoreObjects(cluster, velero ?? "", progress);
      case "hold-schedules": {
        if (!this.#plan.schedules) await this.#keep({ schedules: await activeSchedules(cluster) });
        await suspend(cluster, this.#plan.schedules ?? [], true);
        return untilIdle(cluster, this.#plan.schedules ?? [], progress);
      }
      case "stop-writers": {
        if (!this.#plan.writers) await this.#keep({ writers: await writerReplicas(cluster) });
        const none = Object.keys(this.#plan.writers ?? {}).map((writer) => [writer, 0] as const);
        await scale(cluster, Object.fromEntries(none));
        return untilGone(cluster, progress);
      }
      case "last-backup":
        return runJob(cluster, "coordinated-backup", {}, progress).catch((error: unknown) => {
          throw new Failure(
            `${messageOf(error)}\nWithout a last backup nothing is put back: mend it, or prepare again with --without-last-backup.`,
          );
        });
      case "postgres": {
        if (!this.#plan.member) await this.#keep({ member: (await members.chosen()).pod });
        return members.restore(this.#plan.member ?? "", this.#plan.prepared, postgres ?? {}, progress);
      }
      case "objects":
      case "redis":
        return runJob(cluster, restoreJobs[name], jobEnvironment(name, { target, from }, "restore"), progress);
      case "start-writers":
        return scale(cluster, this.#plan.writers ?? {});
      case "release-schedules":
        return suspend(cluster, this.#plan.schedules ?? [], false);
    }
  }

  /** As if nothing had been begun. */
  async #undo(progress: Progress): Promise<void> {
    const { cluster } = this.#restoration;
    progress("starting again what was stopped");
    await scale(cluster, this.#plan.writers ?? {});
    await suspend(cluster, this.#plan.schedules ?? [], false);
    const plan: Plan = { ...this.#plan, begun: [], done: {} };
    delete plan.writers;
    delete plan.schedules;
    this.#plan = plan;
    await keepPlan(cluster, this.#plan);
  }
}
