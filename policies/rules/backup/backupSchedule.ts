import { backupJobsOf, dataSetOf, type BackupJob } from "../../read/backups.ts";
import { rule, violation } from "../../rule.ts";

/** A data set that lies on volumes, and the jobs that back it up. */
export interface BackedUp {
  readonly dataSet: string;
  readonly jobs: readonly BackupJob[];
}

/** B5: a backup that nothing makes is a word. */
export function scheduleViolations({ dataSet, jobs }: BackedUp): string[] {
  return violation(
    jobs.length === 0,
    `it names "${dataSet}" as its backup, and no CronJob makes one: add one annotated dify-ha/backs-up: ${dataSet}`,
  );
}

export const backupSchedule = rule({
  name: "backup-schedule",
  requirement: "B5",
  description: "Every data set on volumes has a job that backs it up by schedule.",
  why: "A volume may name its backup long after the job that made it is gone.",
  remediation: "Declare a CronJob with the annotation dify-ha/backs-up that names the same data set.",
  severity: "critical",
  sees: "stack",
  subjects: (resource, stack) => {
    const dataSet = dataSetOf(resource);
    return dataSet === undefined ? [] : [{ dataSet, jobs: backupJobsOf(dataSet, stack) }];
  },
  check: scheduleViolations,
});
