import type { Answer } from "../catalogue/places/place.ts";
import type { DrillResult } from "../drills/result.ts";
import { drillMaxAge, type Bar } from "./bars.ts";
import { dataSets, type DataSetName, type SiteName } from "./dataSets.ts";
import type { JobState } from "./jobs.ts";
import type { WaitingLog } from "./waitingLog.ts";

/** What was heard of one copy. */
export interface Heard {
  /** Newest restorable instant; undefined when there is none. */
  readonly instant: Answer<Date | undefined>;
  /** Until when its newest object is locked; undefined when it is not. Not asked when there is no instant. */
  readonly lock?: Answer<Date | undefined>;
}

/** An instant as in ISO 8601; "none" where there is nothing, "not asked" where nobody could tell. */
type Instant = string;

/** What was heard of the cluster. */
export interface HeardOfCluster {
  readonly jobs: Answer<readonly JobState[]>;
  readonly proofs: Answer<readonly DrillResult[]>;
  readonly log: Answer<WaitingLog>;
}

/** Something that is not as it must be, and the runbook that helps. */
export interface Problem {
  readonly what: string;
  readonly runbook: string;
}

/** One copy of a data set, judged. */
export interface CopyStatus {
  readonly dataSet: DataSetName;
  readonly site: SiteName;
  /** Newest instant to which it can be put back. */
  readonly instant: Instant;
  readonly ageSeconds: number | null;
  readonly maxAgeSeconds: number;
  /** The last restore from here that a drill proved; null where no drill restores it. */
  readonly proven: { readonly at: string; readonly rtoSeconds: number | null } | "none" | "not asked" | null;
  readonly lockedUntil: Instant;
  readonly problems: readonly Problem[];
  /** What could not be asked, and why: neither good nor bad. */
  readonly unasked: readonly string[];
  readonly verdict: "good" | "missed" | "unknown";
}

/** Judges a copy by what was heard. What could not be asked is no good news. */
export function judge(bar: Bar, heard: Heard, cluster: HeardOfCluster, now: Date): CopyStatus {
  const { dataSet, site, maxAgeSeconds } = bar;
  const { instant, lock } = heard;
  const proofs = (cluster.proofs.value ?? []).filter(({ kind }) => drillsOf(dataSet).includes(kind));
  const proven = proofs
    .filter((result) => result.passed && result.site === site)
    .toSorted((a, b) => Date.parse(a.ended) - Date.parse(b.ended))
    .at(-1);
  const problems = [
    ...ageProblems(bar, instant, cluster.log, now),
    ...lockProblems(lock, now),
    ...jobProblems(bar, cluster.jobs),
    ...(cluster.proofs.unreachable === undefined ? proofProblems(dataSet, proofs, now) : []),
  ];
  const unasked = [
    ...silence("its newest instant", instant),
    ...silence("its lock", lock),
    ...silence("its jobs", cluster.jobs),
    ...(drillsOf(dataSet).length > 0 ? silence("its drills", cluster.proofs) : []),
  ];
  return {
    dataSet,
    site,
    instant: shown(instant),
    ageSeconds: instant.value ? secondsSince(instant.value, now) : null,
    maxAgeSeconds,
    proven: drillsOf(dataSet).length > 0 ? provenOf(proven, cluster.proofs) : null,
    lockedUntil: lock ? shown(lock) : shown(instant) === "none" ? "none" : "not asked",
    problems,
    unasked,
    verdict: problems.length > 0 ? "missed" : unasked.length > 0 ? "unknown" : "good",
  };
}

const shown = ({ value, unreachable }: Answer<Date | undefined>): string =>
  value?.toISOString() ?? (unreachable === undefined ? "none" : "not asked");

const provenOf = (result: DrillResult | undefined, { unreachable }: HeardOfCluster["proofs"]): CopyStatus["proven"] =>
  result ? { at: result.ended, rtoSeconds: result.rtoSeconds } : unreachable === undefined ? "none" : "not asked";

const drillsOf = (dataSet: DataSetName): readonly DrillResult["kind"][] => dataSets[dataSet].drills;

const secondsSince = (instant: Date, now: Date): number => Math.max(0, (now.getTime() - instant.getTime()) / 1000);

const silence = (what: string, answer: Answer<unknown> | undefined): string[] =>
  answer?.unreachable === undefined ? [] : [`${what}: ${answer.unreachable}`];

function ageProblems(
  { dataSet, maxAgeSeconds }: Bar,
  instant: Heard["instant"],
  log: HeardOfCluster["log"],
  now: Date,
) {
  if (instant.unreachable !== undefined) return [];
  const { runbook } = dataSets[dataSet];
  if (!instant.value) return [{ what: "nothing is there that could be restored", runbook }];
  if (secondsSince(instant.value, now) <= maxAgeSeconds) return [];
  if (dataSet !== "postgres") return [{ what: "its newest instant is older than it may be", runbook }];
  // A segment is closed and archived in time when anything was written: the primary knows whether one waits.
  if (log.value?.segments === 0) return [];
  const why = log.value
    ? `segments of it that wait at the primary: ${log.value.segments}`
    : `whether anything was written since could not be asked: ${log.unreachable}`;
  return [{ what: `its newest log is older than it may be; ${why}`, runbook }];
}

function lockProblems(lock: Heard["lock"], now: Date): Problem[] {
  if (!lock || lock.unreachable !== undefined) return [];
  const runbook = "lock-or-credentials";
  if (!lock.value) return [{ what: "its newest object is not locked: whoever has the keys can delete it", runbook }];
  return lock.value > now ? [] : [{ what: "the lock of its newest object has ended", runbook }];
}

function jobProblems({ jobs, dataSet }: Bar, { value: states }: HeardOfCluster["jobs"]): Problem[] {
  if (!states) return [];
  return jobs.flatMap((name): Problem[] => {
    const state = states.find((each) => each.name === name);
    if (state) return stateProblems(state, dataSets[dataSet].runbook);
    return [{ what: `there is no CronJob ${name}: pulumi up makes it`, runbook: "backup-failing" }];
  });
}

function stateProblems({ name, suspended, failed }: JobState, runbook: string): Problem[] {
  if (suspended) return [{ what: `CronJob ${name} is suspended`, runbook: "backup-failing" }];
  return failed ? [failure(failed, runbook)] : [];
}

const failure = ({ job, at, why }: NonNullable<JobState["failed"]>, runbook: string): Problem => ({
  what: `job ${job} failed at ${at.toISOString()}: ${why}`,
  runbook,
});

/** CronJobs that make no copy and whose last run failed, such as drills. Those that only wait to be run by hand are suspended. */
export function otherJobProblems(bars: readonly Bar[], { value: states = [] }: HeardOfCluster["jobs"]): Problem[] {
  const known = new Set(bars.flatMap(({ jobs }) => jobs));
  return states.flatMap(({ name, failed }) => {
    if (known.has(name) || !failed) return [];
    return [failure(failed, name.includes("drill") ? "drill" : "backup-failing")];
  });
}

/** A copy counts as proven when any site's was restored in time: drills take turns. */
function proofProblems(dataSet: DataSetName, proofs: readonly DrillResult[], now: Date): Problem[] {
  const drills = drillsOf(dataSet);
  if (drills.length === 0) return [];
  const runbook = "drill";
  const failed = proofs
    .filter(({ passed }) => !passed)
    .map(({ kind, ended, checks }) => {
      const names = checks.filter(({ passed }) => !passed).map(({ name }) => name);
      return {
        what: `the ${kind} drill of ${ended} failed: ${names.join(", ") || "it did not come to its end"}`,
        runbook,
      };
    });
  const inTime = proofs.some(
    ({ kind, passed, ended }) => passed && secondsSince(new Date(ended), now) <= drillMaxAge[kind],
  );
  if (inTime || failed.length > 0) return failed;
  const kinds = drills.join(" or ");
  const what =
    proofs.length === 0
      ? `no ${kinds} drill has ever restored it`
      : `no ${kinds} drill has restored it in the time that it may take`;
  return [{ what, runbook }];
}
