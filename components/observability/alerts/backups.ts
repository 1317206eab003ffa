import type { Settings } from "../../../config/settings.ts";
import { follower } from "../../backup/follower.ts";
import { maximumAge, scheduledJobs, type ScheduledJob } from "../../backup/schedules.ts";
import { inWords, within, type Alert } from "./alert.ts";
import { failedRun, late, missing, suspended } from "./jobs.ts";

const dashboard = "backup";

/** A check of the archive that fails means that the log does not arrive, which costs more than a late copy. */
const runbookOf = ({ name }: ScheduledJob) => (name === "postgres-check" ? "archive-failing" : "backup-failing");

/** B5-B9: a backup that is late, failed, was suspended or is not there. How old each may be comes from its own schedule. */
export function backupAlerts(settings: Settings): Alert[] {
  const jobs = scheduledJobs(settings).filter(({ does }) => does !== "drill");
  const names = jobs.map(({ name }) => name);
  return [
    ...jobs.map((job) => lateBackup(settings, job)),
    ...jobs.map((job) => missingBackup(settings, job)),
    {
      name: "BackupRunFailed",
      severity: "warning",
      expr: failedRun(
        within(settings, "data"),
        names.filter((name) => name !== "postgres-check"),
      ),
      summary: "The newest run of {{ $labels.cronjob }} failed: the copy that there is gets older.",
      ...{ runbook: "backup-failing", dashboard },
    },
    {
      name: "BackupSuspended",
      severity: "warning",
      // A restore may hold backups up while it runs.
      for: "1h",
      expr: suspended(within(settings, "data"), names),
      summary: "CronJob {{ $labels.cronjob }} is suspended and makes no copies.",
      ...{ runbook: "backup-failing", dashboard },
    },
    ...(names.includes("postgres-check") ? [archiveCheck(settings)] : []),
    ...(settings.offsite.backend === "none" ? [] : followerAlerts(settings)),
    ...(settings.backup.velero.enabled ? veleroAlerts(settings) : []),
  ];
}

function lateBackup(settings: Settings, job: ScheduledJob): Alert {
  const age = maximumAge(job);
  return {
    name: "BackupLate",
    severity: "critical",
    for: "5m",
    expr: late(within(settings, "data", `cronjob="${job.name}"`), age),
    summary: `${job.name} has not ended well for {{ $value | humanizeDuration }}; it should every ${inWords(age)} at the latest. A restore would be to the copy before.`,
    ...{ runbook: runbookOf(job), dashboard, labels: { cronjob: job.name } },
  };
}

function missingBackup(settings: Settings, job: ScheduledJob): Alert {
  return {
    name: "BackupMissing",
    severity: "critical",
    for: "15m",
    expr: missing(within(settings, "data"), job.name),
    summary: `There is no CronJob ${job.name}, or nobody tells of it: nothing makes these copies.`,
    ...{ runbook: "backup-failing", dashboard, labels: { cronjob: job.name } },
  };
}

/** It looks for gaps in the log, and whether it arrives at each site: Patroni's own figures say nothing of the archive. */
function archiveCheck(settings: Settings): Alert {
  return {
    name: "ArchiveCheckFailed",
    severity: "critical",
    expr: failedRun(within(settings, "data"), ["postgres-check"]),
    summary: "The log of Postgres does not arrive in an archive, or has a gap: instants after it cannot be restored.",
    ...{ runbook: "archive-failing", dashboard },
  };
}

/** It is ready while the second site is no further behind than it may be: scripts/backup/follow.py. */
function followerAlerts(settings: Settings): Alert[] {
  const { behind } = settings.backup.objects.follow;
  const of = within(settings, "data", `deployment="${follower}"`);
  const help = { runbook: "files-behind", dashboard } as const;
  return [
    {
      ...{ name: "FilesBehind", severity: "critical", for: "3m", ...help },
      expr: `max by (namespace, deployment) (kube_deployment_status_replicas_ready${of}) == 0`,
      summary: `Files reach the second site later than within ${behind} s, or not at all: the loss of the site would cost those that are missing there.`,
    },
    {
      ...{ name: "FilesNotFollowed", severity: "critical", for: "15m", ...help },
      expr: `absent(kube_deployment_status_replicas_ready${of}) and on () count(kube_deployment_status_replicas_ready) > 0`,
      summary: `There is no Deployment ${follower}, or nobody tells of it: files reach the second site by the scheduled copies only.`,
    },
  ];
}

/** Velero runs its schedules itself, and gives up after four hours (itemOperationTimeout). */
function veleroAlerts(settings: Settings): Alert[] {
  const { daily, weekly } = settings.backup.velero;
  return Object.entries({ daily, weekly }).map(([name, schedule]) => {
    const age = maximumAge({ schedule, deadline: 4 });
    const newest = `velero_backup_last_successful_timestamp${within(settings, "data", `schedule="${name}"`)}`;
    return {
      name: "VeleroBackupLate",
      severity: "critical",
      for: "5m",
      expr: `time() - max by (namespace, schedule) (${newest}) > ${age}`,
      summary: `Velero's ${name} backup has not ended well for {{ $value | humanizeDuration }}; it should every ${inWords(age)} at the latest.`,
      ...{ runbook: "backup-failing", dashboard, labels: { schedule: name } },
    };
  });
}
