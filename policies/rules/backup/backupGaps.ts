import { backupJobOf, backupJobsOf, dataSetOf, gapHours, type BackupJob } from "../../read/backups.ts";
import type { Resource } from "../../read/resource.ts";
import { rule, violation, type Parameter } from "../../rule.ts";

/** A data set on volumes with the jobs that back it up; one without any is another rule's business. */
interface Backed {
  readonly dataSet: string;
  readonly jobs: readonly BackupJob[];
}

function backedOf(resource: Resource, stack: readonly Resource[]): Backed[] {
  const dataSet = dataSetOf(resource);
  const jobs = dataSet === undefined ? [] : backupJobsOf(dataSet, stack);
  return dataSet === undefined || jobs.length === 0 ? [] : [{ dataSet, jobs }];
}

/** Base backups are full ones and what has changed since: the data set is restored from both. */
const isBase = ({ kind }: BackupJob) => kind === "full" || kind === "incremental";
const isFull = ({ kind }: BackupJob) => kind === "full";

/** The shortest of the longest times between two runs of a job; endless without any. */
export function bestGap(jobs: readonly Pick<BackupJob, "schedule">[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...jobs.map(({ schedule }) => gapHours(schedule)));
}

export function gapViolations(what: string, gap: number, maximumHours: number): string[] {
  const found = Number.isFinite(gap) ? `up to ${gap} hours lie between two` : "there is none";
  return violation(
    gap > maximumHours,
    `${what}: ${found}; the policy asks for one every ${maximumHours} hours: change the schedule`,
  );
}

function hours(description: string, fallback: number): Parameter<number> {
  return { type: "number", exclusiveMinimum: 0, description, default: fallback };
}

export const dataSetGap = rule({
  name: "data-set-gap",
  requirement: "B3, B5",
  description: "Every data set is backed up at least once a day.",
  why: "What was written since the last backup is lost with the volumes.",
  remediation: "Change the schedule of the data set's CronJob.",
  severity: "high",
  sees: "stack",
  parameters: { maximumHours: hours("Hours between two backups of a data set.", 24) },
  subjects: backedOf,
  check: ({ dataSet, jobs }, { maximumHours }) =>
    gapViolations(`backups of data set "${dataSet}"`, bestGap(jobs), maximumHours),
});

export const fullBackupDaily = rule({
  name: "full-backup-daily",
  requirement: "B1",
  description: "What has base backups has a full one at least once a day.",
  why: "A restore starts from the last full backup, and a long chain of increments breaks with any of them.",
  remediation: "Schedule a full backup each day (backup.postgres.full).",
  severity: "high",
  sees: "stack",
  parameters: { maximumHours: hours("Hours between two full backups.", 24) },
  subjects: (resource, stack) => backedOf(resource, stack).filter(({ jobs }) => jobs.some(isBase)),
  check: ({ dataSet, jobs }, { maximumHours }) =>
    gapViolations(`full backups of data set "${dataSet}"`, bestGap(jobs.filter(isFull)), maximumHours),
});

export const incrementalBackupHourly = rule({
  name: "incremental-backup-hourly",
  requirement: "B1",
  description: "What has base backups has one of them at least every hour.",
  why: "The log that must be replayed on top of a base backup is most of the time that a restore takes.",
  remediation: "Schedule incremental backups each hour (backup.postgres.incremental).",
  severity: "medium",
  sees: "stack",
  parameters: { maximumHours: hours("Hours between two base backups of any kind.", 1) },
  subjects: (resource, stack) => backedOf(resource, stack).filter(({ jobs }) => jobs.some(isBase)),
  check: ({ dataSet, jobs }, { maximumHours }) =>
    gapViolations(`base backups of data set "${dataSet}"`, bestGap(jobs.filter(isBase)), maximumHours),
});

export const redisSnapshotGap = rule({
  name: "redis-snapshot-gap",
  requirement: "B4",
  description: "Redis is saved at least every six hours.",
  why: "Redis has no log in the archive: tasks that were queued since the last snapshot are lost with the site.",
  remediation: "Change backup.redis.rdb.",
  severity: "high",
  sees: "resource",
  parameters: { maximumHours: hours("Hours between two snapshots.", 6) },
  subjects: (resource) => [backupJobOf(resource)].filter((job) => job?.of === "redis-rdb").flatMap((job) => job ?? []),
  check: (job, { maximumHours }) => gapViolations("snapshots of Redis", gapHours(job.schedule), maximumHours),
});
