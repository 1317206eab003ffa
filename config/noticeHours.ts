import { Cron } from "croner";
import { start } from "./cron.ts";
import { week, type Period, type Schedule, type Weekday } from "./notices.ts";

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Whether an instant lies within a schedule. */
export function covers({ timeZone, periods }: Schedule, at: Date): boolean {
  const local = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "long",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const parts = Object.fromEntries(local.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = parts["weekday"]?.toLowerCase() as Weekday;
  const minute = minutesOf(`${parts["hour"]}:${parts["minute"]}`);
  return periods.some(
    ({ days, from, to }) => days.includes(day) && minutesOf(from) <= minute && minute < minutesOf(to),
  );
}

/**
 * The first instant of a year at which none of the schedules is on. Each gap begins where a period ends, or where a clock is put
 * forward, so that only the ends have to be looked at.
 */
export function firstGap(schedules: readonly Schedule[]): Date | undefined {
  if (schedules.length === 0) return start;
  const ends = schedules.flatMap(({ timeZone, periods }) => periods.flatMap((period) => endsOf(period, timeZone)));
  return ends
    .sort((a, b) => a.getTime() - b.getTime())
    .find((end) => !schedules.some((schedule) => covers(schedule, end)));
}

/** Every end of a period in a year. */
function endsOf({ days, to }: Period, timezone: string): Date[] {
  // 24:00 is 0:00 of the next day.
  const next = to === "24:00" ? 1 : 0;
  const minute = minutesOf(to) % 1440;
  const on = days.map((day) => (week.indexOf(day) + 1 + next) % 7);
  const cron = new Cron(`${minute % 60} ${Math.floor(minute / 60)} * * ${on.join(",")}`, { mode: "5-part", timezone });
  return cron.nextRuns(53 * days.length, start);
}

interface UtcPeriod {
  readonly day: Weekday;
  /** Minutes of the day. */
  readonly from: number;
  readonly to: number;
}

/**
 * The same hours in UTC, for what knows no time zones. Where clocks change with the season they are those of both seasons together:
 * rather an hour too early or too late than one in which nobody is told.
 */
export function inUtc({ timeZone, periods }: Schedule): Period[] {
  const offsets = new Set([1, 4, 7, 10].map((month) => offsetOf(timeZone, new Date(Date.UTC(2026, month - 1, 15)))));
  const shifted = [...offsets].flatMap((offset) =>
    periods.flatMap(({ days, from, to }) =>
      days.flatMap((day) => shift(week.indexOf(day) * 1440, minutesOf(from) - offset, minutesOf(to) - offset)),
    ),
  );
  const byHours = Map.groupBy(
    week.flatMap((day) => union(shifted.filter((period) => period.day === day))),
    ({ from, to }) => `${timeOf(from)}-${timeOf(to)}`,
  );
  return [...byHours.values()].map((same) => ({
    days: same.map(({ day }) => day),
    from: timeOf(same[0]?.from ?? 0),
    to: timeOf(same[0]?.to ?? 0),
  }));
}

/** Minutes by which a zone's clocks are ahead of UTC. */
function offsetOf(timeZone: string, at: Date): number {
  const name = new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "longOffset" })
    .formatToParts(at)
    .find(({ type }) => type === "timeZoneName")?.value;
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name ?? "") ?? [];
  return sign ? Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) : 0;
}

/** Minutes of the week, which may lie before its begin or after its end, as parts of days. */
function shift(midnight: number, from: number, to: number): UtcPeriod[] {
  const [first, last] = [midnight + from, midnight + to];
  const parts: UtcPeriod[] = [];
  for (let at = first; at < last;) {
    const dayIndex = Math.floor(at / 1440);
    const end = Math.min(last, (dayIndex + 1) * 1440);
    const day = week[((dayIndex % 7) + 7) % 7] as Weekday;
    parts.push({ day, from: at - dayIndex * 1440, to: end - dayIndex * 1440 });
    at = end;
  }
  return parts;
}

const timeOf = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** Hours of one day without overlaps. */
function union(periods: readonly UtcPeriod[]): UtcPeriod[] {
  const joined: UtcPeriod[] = [];
  for (const next of [...periods].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && next.from <= last.to) joined[joined.length - 1] = { ...last, to: Math.max(last.to, next.to) };
    else joined.push(next);
  }
  return joined;
}
