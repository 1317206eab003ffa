import { Cron } from "croner";
import { z } from "zod";

/** Croner knows more than Kubernetes does: no last days, no nearest weekdays, no seconds. */
const fields = /^([\d*,/-]+ ){3}[\d*,/A-Za-z-]+ [\d*,/A-Za-z-]+$/;

const start = new Date("2026-01-01T00:00:00Z");

function cronOf(schedule: string): Cron {
  return new Cron(schedule, { mode: "5-part", utcOffset: 0 });
}

function isCron(schedule: string): boolean {
  if (!fields.test(schedule)) return false;
  try {
    return cronOf(schedule).nextRun(start) !== null;
  } catch {
    return false;
  }
}

/** When something runs, as Kubernetes takes it: minute, hour, day of the month, month, day of the week. */
export const cron = z.string().refine(isCron, 'must be a cron time of five fields such as "30 * * * *"');

/** IANA's name of a time zone. */
export const timeZone = z
  .string()
  .refine((name) => Intl.supportedValuesOf("timeZone").includes(name) || name === "Etc/UTC", {
    error: 'must be a time zone such as "Europe/Berlin"',
  });

/** The longest time between two runs, in hours; change of daylight saving left out. */
export function longestGap(schedule: string): number {
  const runs = cronOf(schedule).nextRuns(200, start);
  const gaps = runs.slice(1).map((run, i) => run.getTime() - (runs[i] as Date).getTime());
  return Math.max(...gaps) / 3_600_000;
}

/** The first of the next weeks' runs that two schedules share. */
export function firstCoincidence(one: string, other: string): Date | undefined {
  const weeks = 5 * 7 * 24 * 60;
  const [a, b] = [one, other].map(cronOf) as [Cron, Cron];
  const end = new Date(start.getTime() + weeks * 60_000);
  let [next, against] = [a.nextRun(start), b.nextRun(start)];
  while (next && against && next < end) {
    if (next.getTime() === against.getTime()) return next;
    if (next < against) next = a.nextRun(next);
    else against = b.nextRun(against);
  }
  return undefined;
}
