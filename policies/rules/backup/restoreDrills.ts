import { dataSetOf, gapHours, scheduleOf } from "../../read/backups.ts";
import { kindOf, nameOf, type Resource } from "../../read/resource.ts";
import { rule, violation } from "../../rule.ts";

/** Drills that must be held: name of the CronJob to hours between two of them. */
type Drills = Readonly<Record<string, number>>;

/** B15: a backup from which nothing was ever restored is a hope. */
export function drillViolations(schedules: Readonly<Record<string, string>>, drills: Drills): string[] {
  return Object.entries(drills).flatMap(([name, maximumHours]) => {
    const schedule = schedules[name];
    if (schedule === undefined) return [`its backups are never tried: schedule the CronJob ${name}`];
    const gap = gapHours(schedule);
    return violation(
      gap > maximumHours,
      `up to ${gap} hours lie between two runs of ${name}; the policy asks for one every ${maximumHours}: change its schedule`,
    );
  });
}

/** Reported once, at the first data set of the stack. */
function schedulesOf(resource: Resource, stack: readonly Resource[]): Record<string, string>[] {
  if (dataSetOf(resource) === undefined || stack.find((r) => dataSetOf(r) !== undefined) !== resource) return [];
  const jobs = stack.filter((r) => kindOf(r) === "CronJob");
  return [Object.fromEntries(jobs.map((job) => [nameOf(job), scheduleOf(job)]))];
}

export const restoreDrills = rule({
  name: "restore-drills",
  requirement: "B15",
  description: "Restores are tried by schedule: a light drill each day and a full one each week.",
  why: "Backups fail silently, in ways that only a restore shows.",
  remediation: "Schedule the CronJobs drill-light and drill-full.",
  severity: "critical",
  sees: "stack",
  parameters: {
    drills: {
      type: "object",
      additionalProperties: { type: "number", exclusiveMinimum: 0 },
      description: "CronJobs that restore something, by name: hours between two runs.",
      default: { "drill-light": 24, "drill-full": 168 },
    },
  },
  subjects: schedulesOf,
  check: (schedules, { drills }) => drillViolations(schedules, drills),
});
