import type { Settings } from "../../../config/settings.ts";
import { drillMaxAge } from "../../../runbooks/status/bars.ts";
import { drillKinds } from "../../../runbooks/drills/result.ts";
import { maximumAge, scheduledJobs } from "../../backup/schedules.ts";
import { within, withinAll } from "../alerts/alert.ts";
import { lastSuccess } from "../alerts/jobs.ts";
import type { Area } from "../../network/namespaces.ts";
import type { Dashboard, Query, Row } from "./dashboard.ts";

/** What a restore would bring back now, and whether that was tried. */
export function backup(settings: Settings): Dashboard {
  return {
    name: "backup",
    title: "Dify: backup and restore",
    rows: [copies(settings), ...(settings.drills.enabled ? [drills(settings)] : []), capacity(settings)],
  };
}

/** The age of the last good run, as a share of what it may be. */
const ageShare = (settings: Settings, area: Area, cronJob: string, seconds: number): Query => ({
  expr: `(time() - ${lastSuccess(within(settings, area, `cronjob="${cronJob}"`))}) / ${seconds}`,
  legend: cronJob,
});

/** How long the runs of CronJobs that are still known took. */
const durations = (settings: Settings, area: Area): Query => {
  const here = within(settings, area);
  const took = `max by (namespace, job_name) (kube_job_status_completion_time${here}) - max by (namespace, job_name) (kube_job_status_start_time${here})`;
  const owned = `max by (namespace, job_name, owner_name) (kube_job_owner${within(settings, area, 'owner_kind="CronJob"')})`;
  return {
    expr: `max by (owner_name) ((${took}) * on (namespace, job_name) group_left (owner_name) ${owned})`,
    legend: "{{owner_name}}",
  };
};

const failures = (settings: Settings, area: Area): Query => ({
  expr: `sum(kube_job_failed${within(settings, area, 'condition="true"')})`,
  legend: area,
});

function copies(settings: Settings): Row {
  const jobs = scheduledJobs(settings).filter(({ does }) => does !== "drill");
  const check = jobs.find(({ name }) => name === "postgres-check");
  return {
    title: "What could be lost if the site burned now",
    panels: [
      {
        shows: "bars",
        title: "Age of the newest copy",
        description:
          "As a share of what it may be: from 100 % on, the alert BackupLate fires. What lies in each store: npm run status.",
        unit: "percentunit",
        queries: jobs.map((job) => ageShare(settings, "data", job.name, maximumAge(job))),
        limits: { warning: 0.8, critical: 1 },
      },
      ...(check
        ? [
            {
              shows: "figures",
              title: "Since the log was last seen to arrive",
              description: "postgres-check forces a segment, and sees it arrive at every site without a gap.",
              unit: "s",
              queries: [
                {
                  expr: `time() - ${lastSuccess(within(settings, "data", `cronjob="${check.name}"`))}`,
                  legend: "since",
                },
              ],
              limits: { warning: 2 * 3600, critical: maximumAge(check) },
            } as const,
          ]
        : []),
      {
        shows: "graph",
        title: "Time that backups take",
        description: "The last runs of each. What grows tenfold, or takes no time at all, is worth a look.",
        unit: "s",
        queries: [durations(settings, "data")],
      },
    ],
  };
}

function drills(settings: Settings): Row {
  return {
    title: "Proof that it restores",
    panels: [
      {
        shows: "bars",
        title: "Age of the last drill that passed",
        description: "As a share of what it may be: from 100 % on, the alert DrillLate fires.",
        unit: "percentunit",
        queries: drillKinds.map((kind) => ageShare(settings, "drills", `drill-${kind}`, drillMaxAge[kind])),
        limits: { warning: 0.8, critical: 1 },
      },
      {
        shows: "graph",
        title: "Time that drills take",
        description: "Restore and all checks. Recovery times by themselves: npm run drills -- report.",
        unit: "s",
        queries: [durations(settings, "drills")],
      },
      {
        shows: "graph",
        title: "Runs that failed",
        description: "Of backups and drills, as long as their Jobs are kept.",
        unit: "short",
        queries: [failures(settings, "data"), failures(settings, "drills")],
        limits: { warning: 1, critical: 3 },
      },
    ],
  };
}

function capacity(settings: Settings): Row {
  const here = withinAll(settings);
  const minio = within(settings, "data", 'job="minio"');
  const free = `min(minio_cluster_capacity_usable_free_bytes${minio})`;
  const perSecond = `deriv(minio_cluster_capacity_usable_free_bytes${minio}[1d])`;
  return {
    title: "Room for backups",
    panels: [
      ...(settings.objectStore.backend === "minio"
        ? ([
            {
              shows: "graph",
              title: "Free in the object store",
              description: "What is locked cannot be deleted to make room.",
              unit: "percentunit",
              queries: [{ expr: `${free} / max(minio_cluster_capacity_usable_total_bytes${minio})`, legend: "free" }],
              limits: { worse: "below", warning: 0.2, critical: 0.1 },
            },
            {
              shows: "figures",
              title: "Full in",
              description: "If it fills on as in the last day. Nothing is shown while it does not.",
              unit: "s",
              queries: [{ expr: `${free} / -(min(${perSecond}) < 0)`, legend: "time left" }],
              limits: { worse: "below", warning: 30 * 86_400, critical: 7 * 86_400 },
            },
          ] as const)
        : []),
      {
        shows: "bars",
        title: "Free on volumes",
        description: "Below 15 % the alert VolumeFilling fires.",
        unit: "percentunit",
        queries: [
          {
            expr: `max by (persistentvolumeclaim) (kubelet_volume_stats_available_bytes${here} / kubelet_volume_stats_capacity_bytes${here})`,
            legend: "{{persistentvolumeclaim}}",
          },
        ],
        limits: { worse: "below", warning: 0.15, critical: 0.05 },
      },
    ],
  };
}
