import { backupKeys } from "../../../components/workload/backupKeys.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { flag, list, number, text } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** What decides whether a CronJob runs, ends and tries again. Numbers are in seconds. */
export interface ScheduledJob {
  readonly suspended: boolean;
  /** It is there for runbooks to make Jobs of, and backs nothing up. */
  readonly template: boolean;
  readonly concurrency: string | undefined;
  /** How late a run may start. */
  readonly startWithin: number | undefined;
  /** When a run has failed. */
  readonly endWithin: number | undefined;
  readonly retries: number | undefined;
  /** A run whose node goes away is begun anew, and counts as no failure. */
  readonly outlivesNodes: boolean;
  readonly failuresKept: number | undefined;
  readonly timeZone: string | undefined;
}

const ignoresDisruption = (failureRule: unknown): boolean =>
  text(failureRule, "action") === "Ignore" &&
  list(failureRule, "onPodConditions").some((condition) => text(condition, "type") === "DisruptionTarget");

function jobOf(resource: Resource): ScheduledJob[] {
  if (kindOf(resource) !== "CronJob") return [];
  const { inputs } = resource;
  const run = ["spec", "jobTemplate", "spec"] as const;
  const note = (key: string) => text(inputs, "metadata", "annotations", key);
  return [
    {
      suspended: flag(inputs, "spec", "suspend") === true,
      template: note(backupKeys.template) === "yes" && note(backupKeys.of) === undefined,
      concurrency: text(inputs, "spec", "concurrencyPolicy"),
      startWithin: number(inputs, "spec", "startingDeadlineSeconds"),
      endWithin: number(inputs, ...run, "activeDeadlineSeconds"),
      retries: number(inputs, ...run, "backoffLimit"),
      outlivesNodes: list(inputs, ...run, "podFailurePolicy", "rules").some(ignoresDisruption),
      failuresKept: number(inputs, "spec", "failedJobsHistoryLimit"),
      timeZone: text(inputs, "spec", "timeZone"),
    },
  ];
}

/** The controller looks every ten seconds: a shorter time is missed by chance. */
const shortestStart = 10;

export const jobSuspended = rule({
  name: "job-suspended",
  requirement: "B5",
  description: "No scheduled job is suspended but templates of runbooks, which back nothing up.",
  why: "A backup that was suspended for a moment and forgotten is noticed when it is needed.",
  remediation: "Take spec.suspend away.",
  severity: "high",
  sees: "resource",
  subjects: jobOf,
  check: ({ suspended, template }) =>
    violation(suspended && !template, "it is suspended and never runs: take spec.suspend away"),
});

export const jobOverlap = rule({
  name: "job-overlap",
  requirement: "B5",
  description: "No scheduled job runs twice at once.",
  why: "Two runs take each other's locks and files, and the slower a backup gets the more of them pile up.",
  remediation: "Set spec.concurrencyPolicy to Forbid.",
  severity: "medium",
  sees: "resource",
  subjects: jobOf,
  check: ({ concurrency }) =>
    violation(concurrency !== "Forbid", "a run may start beside the one before: set concurrencyPolicy to Forbid"),
});

export const jobDeadline = rule({
  name: "job-deadline",
  requirement: "B5, B6",
  description: "Every run of a scheduled job ends by itself, and a missed one is caught up with.",
  why: "A run that hangs keeps all later ones from starting, and nobody is told; one that was missed by a minute is lost.",
  remediation: "Set activeDeadlineSeconds in jobTemplate.spec, and startingDeadlineSeconds to 10 or more.",
  severity: "high",
  sees: "resource",
  subjects: jobOf,
  check: ({ startWithin, endWithin }) => [
    ...violation(
      endWithin === undefined || endWithin <= 0,
      "a run that hangs never fails: set jobTemplate.spec.activeDeadlineSeconds",
    ),
    ...violation(
      startWithin === undefined || startWithin < shortestStart,
      `a run that cannot start at once is lost, or late without bound: set startingDeadlineSeconds to ${shortestStart} or more`,
    ),
  ],
});

export const jobRetries = rule({
  name: "job-retries",
  requirement: "B5",
  description: "A run that fails is tried again, and its traces are kept.",
  why: "A node that goes away during the backup is no reason to have none today, and a failure that left no pod behind explains nothing.",
  remediation:
    "Set backoffLimit in jobTemplate.spec and failedJobsHistoryLimit to 1 or more; or a podFailurePolicy that ignores DisruptionTarget.",
  severity: "medium",
  sees: "resource",
  subjects: jobOf,
  // Kubernetes' own defaults, 6 and 1, comply.
  check: ({ retries = 6, outlivesNodes, failuresKept = 1 }) => [
    ...violation(
      retries < 1 && !outlivesNodes,
      "a run that fails is not tried again: set jobTemplate.spec.backoffLimit to 1 or more",
    ),
    ...violation(failuresKept < 1, "nothing is left of a run that failed: set failedJobsHistoryLimit to 1 or more"),
  ],
});

export const jobTimeZone = rule({
  name: "job-time-zone",
  requirement: "B5",
  description: "Every schedule says in which time zone it is meant.",
  why: "Without one it is the zone of the machine that the controller happens to run on, and backups that must not meet do.",
  remediation: "Set spec.timeZone (backup.timeZone).",
  severity: "low",
  sees: "resource",
  subjects: jobOf,
  check: ({ timeZone }) => violation(!timeZone, "its schedule names no time zone: set spec.timeZone"),
});
