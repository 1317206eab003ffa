import { restoreJobs } from "../../components/restore/restore.ts";
import { Failure, type Progress } from "../../local/failure.ts";
import type { Step } from "../../local/steps.ts";
import { bytesInWords } from "../backups/format.ts";
import { readRecord } from "../catalogue/read.ts";
import type { BackupRecord } from "../catalogue/record.ts";
import { lacksMajority } from "../catalogue/verify.ts";
import { findBackup } from "./clusterObjects.ts";
import { jobEnvironment } from "./environment.ts";
import { runJob } from "./jobs.ts";
import type { Restoration } from "./open.ts";
import { replacesData, takeOver, type Origin, type Part, type Plan } from "./plan.ts";
import { keepPlan, readPlan } from "./planStore.ts";
import { newerRefusal } from "./refusal.ts";
import { baseBefore, postgresTarget } from "./repository.ts";
import { inWords, type Target, type Wanted } from "./target.ts";

/** What somebody asks for. */
export interface Request {
  readonly to: Wanted;
  readonly from: Origin;
  readonly parts: readonly Part[];
  readonly timeline?: number;
  /** Stack whose newer data may go. */
  readonly discardNewer?: string;
  readonly withoutLastBackup?: true;
  /** Look, and keep no plan. */
  readonly dryRun?: true;
}

/** `restore prepare`: looks whether all is there, and keeps the plan. Changes nothing else. */
export class Preparation {
  readonly #restoration: Restoration;
  readonly #request: Request;
  #target: Target | undefined;
  #postgres: Plan["postgres"];
  #velero: string | undefined;
  #holdsData = true;

  constructor(restoration: Restoration, request: Request) {
    this.#restoration = restoration;
    this.#request = request;
  }

  /** Set once all steps were run. */
  plan: Plan | undefined;

  get steps(): Step[] {
    const has = (part: Part) => this.#request.parts.includes(part);
    return [
      { title: "Find the target", run: (progress) => this.#findTarget(progress) },
      ...(has("cluster-objects")
        ? [{ title: "Look for Velero's backup", run: (p: Progress) => this.#lookForObjects(p) }]
        : []),
      ...(has("postgres")
        ? [{ title: "Look for Postgres' backup", run: (p: Progress) => this.#lookForPostgres(p) }]
        : []),
      ...(replacesData(this.#request.parts)
        ? [{ title: "Look what is there now", run: (p: Progress) => this.#lookForNewer(p) }]
        : []),
      ...(has("objects") ? [this.#job("Look for the buckets' objects", "objects")] : []),
      ...(has("redis") ? [this.#job("Read the snapshot of Redis through", "redis")] : []),
      { title: "Keep the plan", run: (progress) => this.#keep(progress) },
    ];
  }

  get #chosen(): Target {
    if (!this.#target) throw new Error("no target yet");
    return this.#target;
  }

  async #findTarget(progress: Progress): Promise<void> {
    const { to, from } = this.#request;
    if (from === "offsite" && !this.#restoration.hasOffsite)
      throw new Failure("This stack has no second site: restore from the cluster's own.");
    if (to.to === "latest") this.#target = { to: "latest", instant: new Date().toISOString() };
    else if (to.to === "time") this.#target = to;
    else this.#target = await this.#record(to.id);
    progress(inWords(this.#chosen));
  }

  async #record(id: string): Promise<Target> {
    const { catalogue, facts } = this.#restoration;
    const entry = await readRecord(catalogue.places, id);
    const { record } = entry;
    if (!record) throw new Failure(`No copy of record ${id} can be believed: npm run backups -- show ${id} says why.`);
    if (lacksMajority(entry) && this.#request.from === "cluster")
      throw new Failure(
        `Only ${entry.places.join(", ")} ${entry.places.length === 1 ? "has" : "have"} record ${id}, no majority of its places: npm run backups -- verify ${id} says what is wrong. If the cluster's store is lost: --from offsite.`,
      );
    if (record.stack !== facts.stack)
      throw new Failure(`Record ${id} is of stack "${record.stack}", this is "${facts.stack}".`);
    const other = otherKeys(record, facts.fingerprints);
    if (other.length > 0)
      throw new Failure(
        `Of these secrets the stack has others than record ${id} was made with: ${other.join(", ")}. What they encrypt could not be read: set them from the bundle of secrets (docs/restore.md), and run pulumi up.`,
      );
    const { restorePoint, timeline, alembicHead } = record.postgres;
    return { to: "record", id, instant: record.instant, restorePoint, timeline, alembicHead };
  }

  async #lookForObjects(progress: Progress): Promise<void> {
    this.#velero = await findBackup(this.#restoration.cluster, this.#request.from, this.#chosen.instant);
    progress(this.#velero);
  }

  async #lookForPostgres(progress: Progress): Promise<void> {
    const { members } = this.#restoration;
    const { from, timeline } = this.#request;
    const { pod } = await members.chosen();
    const backups = await members.backups(pod, from);
    const base = baseBefore(backups, this.#chosen.instant);
    if (!base)
      throw new Failure(
        `No base backup of the ${from === "cluster" ? "cluster's" : "off-site"} repository is as old as ${this.#chosen.instant}${backups[0] ? `: the oldest is of ${new Date(backups[0].timestamp.stop * 1000).toISOString()}` : ""}.`,
      );
    const room = await members.volume(pod);
    if (base.info.size > room * 0.9)
      throw new Failure(
        `Backup ${base.label} has ${bytesInWords(base.info.size)}, and the volume of ${pod} only ${bytesInWords(room)}: raise postgres.storage.`,
      );
    this.#postgres = {
      REPOSITORY: from === "cluster" ? "1" : "2",
      ...postgresTarget(this.#chosen, base, timeline),
    };
    progress(`${base.label}, ${bytesInWords(base.info.size)}, into ${pod}`);
  }

  async #lookForNewer(progress: Progress): Promise<void> {
    const { members, facts, cluster } = this.#restoration;
    const last = await readPlan(cluster);
    const { pod, primary } = await members.chosen();
    const holdings = primary
      ? await members.holdings(pod)
      : ({ kind: "unknown", reason: "no primary answers" } as const);
    this.#holdsData = holdings.kind !== "nothing";
    const { discardNewer } = this.#request;
    const refusal = newerRefusal(holdings, this.#chosen, facts.stack, discardNewer);
    if (refusal) throw new Failure(refusal);
    if (holdings.kind === "unknown" && !this.#request.withoutLastBackup && !last?.begun.includes("postgres"))
      throw new Failure(
        "No primary of Postgres answers, so no last backup can be taken of what is there: mend it, or say --without-last-backup.",
      );
    progress(holdings.kind === "data" ? `${holdings.tables} tables, which may go` : holdings.kind);
  }

  #job(title: string, part: "objects" | "redis"): Step {
    return {
      title,
      run: (progress) => {
        const { from } = this.#request;
        const env = jobEnvironment(part, { target: this.#chosen, from }, "look");
        return runJob(this.#restoration.cluster, restoreJobs[part], env, progress);
      },
    };
  }

  async #keep(progress: Progress): Promise<void> {
    const { from, parts, withoutLastBackup, dryRun } = this.#request;
    const { cluster } = this.#restoration;
    const next: Plan = {
      version: 1,
      target: this.#chosen,
      from,
      parts: [...parts],
      lastBackup: this.#holdsData && !withoutLastBackup,
      ...(this.#velero && { velero: this.#velero }),
      ...(this.#postgres && { postgres: this.#postgres }),
      prepared: new Date().toISOString(),
      done: {},
      begun: [],
    };
    this.plan = takeOver(next, await readPlan(cluster));
    if (dryRun) progress("not kept: dry run");
    else await keepPlan(cluster, this.plan);
  }
}

/** Names of secrets whose value is not the one that a record was made with. */
export function otherKeys({ fingerprints }: BackupRecord, own: Readonly<Record<string, string>>): string[] {
  return Object.entries(fingerprints)
    .filter(([name, hash]) => own[name] !== hash)
    .map(([name]) => name);
}
