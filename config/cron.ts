import { Cron } from "croner";

/** Every schedule is looked at from here on, so that two looks say the same. */
export const start = new Date("2026-01-01T00:00:00Z");

export function cronOf(schedule: string): Cron {
  return new Cron(schedule, { mode: "5-part", utcOffset: 0 });
}

/** The longest time between two runs of any of the schedules, in hours; change of daylight saving left out. */
export function longestGap(...schedules: readonly string[]): number {
  const each = schedules.map((schedule) => cronOf(schedule).nextRuns(200, start).map(Number));
  // Beyond the last run that was computed of one schedule, gaps would be its own missing runs.
  const end = Math.min(...each.map((runs) => runs.at(-1) as number));
  const runs = each
    .flat()
    .filter((run) => run <= end)
    .sort((a, b) => a - b);
  const gaps = runs.slice(1).map((run, i) => run - (runs[i] as number));
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
