import { restoreJobs } from "../../components/restore/restore.ts";
import { messageOf, type Progress } from "../../local/failure.ts";
import type { Step } from "../../local/steps.ts";
import { jobEnvironment } from "./environment.ts";
import { checkFiles } from "./files.ts";
import { runJob } from "./jobs.ts";
import type { Restoration } from "./open.ts";
import { remaining, type Plan } from "./plan.ts";
import { unreadyWriters } from "./writers.ts";

/** `restore verify`: whether all of a plan's instant is there and works. What is not, it says. */
export class Verification {
  readonly #restoration: Restoration;
  readonly #plan: Plan;
  /** A line for each that is missing. */
  readonly missing: string[] = [];

  constructor(restoration: Restoration, plan: Plan) {
    this.#restoration = restoration;
    this.#plan = plan;
  }

  get steps(): Step[] {
    const { parts } = this.#plan;
    const check = (title: string, run: (progress: Progress) => Promise<readonly string[]>): Step => ({
      title,
      // One that cannot be looked at is missing too, and no reason to leave the others unasked.
      run: async (progress) => {
        const found = await run(progress).catch((error: unknown) => [`${title}: ${messageOf(error)}`]);
        this.missing.push(...found);
        for (const each of found) progress(each);
      },
    });
    return [
      check("All steps were done", () => Promise.resolve(unfinished(this.#plan))),
      ...(parts.includes("postgres")
        ? [
            check("Postgres has a primary, and every member follows it", () => this.#followers()),
            check("The databases are those of the target", () => this.#databases()),
            check("The log is archived", (progress) => this.#archive(progress)),
          ]
        : []),
      ...(parts.includes("objects")
        ? [check("The buckets have every object of the target", (progress) => this.#objects(progress))]
        : []),
      check("Every file that a row names is there", (progress) => this.#files(progress)),
      ...(parts.includes("redis") ? [check("Redis has a master", () => this.#redis())] : []),
      check("Dify's writers are ready", (progress) => this.#writers(progress)),
    ];
  }

  async #followers(): Promise<string[]> {
    const { members } = this.#restoration;
    const { pod, others, primary } = await members.chosen();
    if (!primary) return ["Postgres has no primary: execute was not carried to its end, or see patronictl list"];
    const streaming = await members.ask(
      pod,
      "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'",
    );
    const list = await members.run(pod, ["sh", "-c", 'patronictl -c "$CONFIG_FOLDER" list; echo "all: $MEMBERS"']);
    const all = (/^all: (.*)$/m.exec(list.stdout)?.[1] ?? [pod, ...others].join(" ")).split(" ");
    const following = new Set((streaming ?? "").split("\n"));
    return [
      ...all
        .filter((member) => member !== pod && !following.has(member))
        .map((member) => `${member} does not follow the primary ${pod}: patronictl reinit copies it anew`),
      ...(list.stdout.includes("Maintenance mode: on")
        ? ["Patroni is paused, nobody would take over: run execute again, or patronictl resume"]
        : []),
    ];
  }

  async #databases(): Promise<string[]> {
    const { members } = this.#restoration;
    const { target } = this.#plan;
    const { pod } = await members.chosen();
    const there = await members.ask(pod, "SELECT to_regclass('alembic_version') IS NOT NULL", "dify");
    if (there === undefined) return ["database dify does not answer"];
    const head = there === "t" ? await members.ask(pod, "SELECT version_num FROM alembic_version", "dify") : null;
    if ((await members.ask(pod, "SELECT 1", "dify_plugin")) === undefined)
      return ["database dify_plugin does not answer"];
    if (target.to !== "record" || head === target.alembicHead) return [];
    return [
      `Dify's schema is at ${head ?? "none"}, the record's was at ${target.alembicHead ?? "none"}: Dify has migrated it since (see its version), or the databases are of another instant`,
    ];
  }

  async #archive(progress: Progress): Promise<string[]> {
    const { members } = this.#restoration;
    const { pod } = await members.chosen();
    progress("forcing a new segment");
    const shell =
      'pgbackrest --stanza="$STANZA" --archive-timeout=90 --log-level-console=off --log-level-stderr=error check';
    const { code, stderr } = await members.run(pod, ["sh", "-c", shell]);
    return code === 0
      ? []
      : [`the log is not archived, so what is written from now on is in no backup: ${stderr.split("\n")[0] ?? ""}`];
  }

  async #objects(progress: Progress): Promise<string[]> {
    const { cluster } = this.#restoration;
    await runJob(cluster, restoreJobs.objects, jobEnvironment("objects", this.#plan, "check"), progress);
    return [];
  }

  /** Whatever was put back: databases and buckets belong together. */
  async #files(progress: Progress): Promise<string[]> {
    const { members, files } = this.#restoration;
    const { pod } = await members.chosen();
    const { named, missing } = await checkFiles((sql) => members.ask(pod, sql, "dify", 600), files);
    progress(`${named} files are named`);
    if (missing.length === 0) return [];
    return [
      `${missing.length} of ${named} files that rows name are not in ${files.name}, such as ${missing.slice(0, 3).join(", ")}: restore the buckets to the instant of the databases, or a later one`,
    ];
  }

  async #redis(): Promise<string[]> {
    const { cluster } = this.#restoration;
    const shell = "REDISCLI_AUTH=$(cat /secrets/password) redis-cli info replication";
    const said = await Promise.all(
      (await cluster.running("redis", "redis")).map(async (pod) => cluster.execute(pod, "redis", ["sh", "-c", shell])),
    );
    const master = said.find(({ stdout }) => stdout.includes("role:master"));
    // That it has the snapshot's keys, be they none, the step itself has seen to.
    return master ? [] : ["Redis has no master"];
  }

  async #writers(progress: Progress): Promise<string[]> {
    const { cluster } = this.#restoration;
    const wanted = this.#plan.writers ?? {};
    // They need a while to start.
    for (let tries = 0; ; tries++) {
      const unready = await unreadyWriters(cluster, wanted);
      if (unready.length === 0 || tries === 60) return unready;
      progress(unready.join(", "));
      await new Promise((done) => setTimeout(done, 5000));
    }
  }
}

/** Steps of a plan that were not carried to their end: a partial restore. */
export function unfinished(plan: Plan): string[] {
  const left = remaining(plan);
  if (left.length === 0) return [];
  return left.map((step) =>
    plan.begun.includes(step)
      ? `step ${step} was begun and not done: run execute again`
      : `step ${step} was not done: run execute again`,
  );
}
