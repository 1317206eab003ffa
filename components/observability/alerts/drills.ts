import type { Settings } from "../../../config/settings.ts";
import { drillKinds } from "../../../runbooks/drills/result.ts";
import { drillMaxAge } from "../../../runbooks/status/bars.ts";
import { scheduledJobs } from "../../backup/schedules.ts";
import { inWords, within, type Alert } from "./alert.ts";
import { failedRun, late, missing, suspended } from "./jobs.ts";

const common = { runbook: "drill", dashboard: "backup" } as const;

/** B15: the proof that backups restore is old, or there is none. A drill also tries to break the locks, so that a lost lock fails it. */
export function drillAlerts(settings: Settings): Alert[] {
  const jobs = scheduledJobs(settings).filter(({ does }) => does === "drill");
  if (jobs.length === 0) return [];
  const names = jobs.map(({ name }) => name);
  return [
    ...drillKinds.flatMap((kind): Alert[] => {
      const name = `drill-${kind}`;
      const age = drillMaxAge[kind];
      return [
        {
          ...{ name: "DrillLate", severity: "critical", for: "5m", ...common, labels: { cronjob: name } },
          expr: late(within(settings, "drills", `cronjob="${name}"`), age),
          summary: `No ${kind} drill has passed for {{ $value | humanizeDuration }}, and one should every ${inWords(age)}: nobody knows whether backups restore.`,
        },
        {
          ...{ name: "DrillMissing", severity: "critical", for: "15m", ...common, labels: { cronjob: name } },
          expr: missing(within(settings, "drills"), name),
          summary: `There is no CronJob ${name}, or nobody tells of it: backups are not tried.`,
        },
      ];
    }),
    {
      ...{ name: "DrillFailed", severity: "critical", ...common },
      expr: failedRun(within(settings, "drills"), names),
      summary: "The newest {{ $labels.cronjob }} failed: a restore would fail too, or a lock does not hold.",
    },
    {
      ...{ name: "DrillSuspended", severity: "warning", for: "1h", ...common },
      expr: suspended(within(settings, "drills"), names),
      summary: "CronJob {{ $labels.cronjob }} is suspended: backups are not tried.",
    },
  ];
}
