import { parse } from "yaml";
import { covers } from "../../config/noticeHours.ts";
import { week, type Weekday } from "../../config/notices.ts";

type Labels = Readonly<Record<string, string>>;

interface Route {
  readonly receiver?: string;
  readonly matchers?: readonly string[];
  readonly continue?: boolean;
  readonly active_time_intervals?: readonly string[];
  readonly routes?: readonly Route[];
}

interface Interval {
  readonly weekdays?: readonly string[];
  readonly times?: readonly { readonly start_time: string; readonly end_time: string }[];
  readonly location?: string;
}

/** What we read of a configuration of Alertmanager. */
export interface RunningConfig {
  readonly route: Route;
  readonly receivers: readonly { readonly name: string }[];
  readonly time_intervals?: readonly { readonly name: string; readonly time_intervals: readonly Interval[] }[];
}

/** Somebody whom an alert is for. */
export interface Recipient {
  /** As Alertmanager calls it: an operator writes namespace and resource before the name. */
  readonly receiver: string;
  /** Schedule that keeps the alert back at present. */
  readonly heldBackBy?: string;
}

/** The configuration that an Alertmanager runs with, as its API tells it. */
export const readConfig = (text: string): RunningConfig => parse(text) as RunningConfig;

/** Whom an alert goes to at an instant, by the routes of the running configuration; in their order, each once. */
export function recipients(config: RunningConfig, labels: Labels, at: Date): Recipient[] {
  const found = reached(config.route, labels, "").map(({ receiver, route }): Recipient => {
    const held = route.active_time_intervals?.every((name) => !isActive(config, name, at));
    return { receiver, ...(held && { heldBackBy: route.active_time_intervals?.join(", ") ?? "" }) };
  });
  const told = new Set(found.filter(({ heldBackBy }) => heldBackBy === undefined).map(({ receiver }) => receiver));
  const names = [...new Set(found.map(({ receiver }) => receiver))];
  return names.flatMap((name) =>
    told.has(name) ? [{ receiver: name }] : found.filter(({ receiver }) => receiver === name).slice(0, 1),
  );
}

/** Leaves of the tree of routes that take the alert; a route hands its receiver on to those below it. */
function reached(route: Route, labels: Labels, inherited: string): { receiver: string; route: Route }[] {
  const receiver = route.receiver ?? inherited;
  const below: { receiver: string; route: Route }[] = [];
  for (const child of route.routes ?? []) {
    if (!(child.matchers ?? []).every((matcher) => matches(matcher, labels))) continue;
    below.push(...reached(child, labels, receiver));
    if (!child.continue) break;
  }
  return below.length > 0 ? below : [{ receiver, route }];
}

/** Such as `severity!~"warning|info"`. A label that is not there is an empty one. */
function matches(matcher: string, labels: Labels): boolean {
  const [, name = "", operator, quoted = '""'] = /^\s*"?([\w.:-]+?)"?\s*(=~|!~|!=|=)\s*(.*?)\s*$/s.exec(matcher) ?? [];
  const value = quoted.startsWith('"') ? (JSON.parse(quoted) as string) : quoted;
  const own = labels[name] ?? "";
  const holds = operator?.endsWith("~") ? new RegExp(`^(?:${value})$`).test(own) : own === value;
  return operator?.startsWith("!") ? !holds : holds;
}

/** What is said of months and years is not looked at: our schedules have none. */
function isActive({ time_intervals: all = [] }: RunningConfig, name: string, at: Date): boolean {
  const intervals = all.find((interval) => interval.name === name)?.time_intervals ?? [];
  return intervals.some(({ weekdays, times = [{ start_time: "00:00", end_time: "24:00" }], location = "Etc/UTC" }) =>
    covers(
      {
        name,
        timeZone: location,
        periods: times.map(({ start_time: from, end_time: to }) => ({ days: daysOf(weekdays), from, to })),
      },
      at,
    ),
  );
}

/** Such as "monday" or "monday:friday". */
function daysOf(ranges: readonly string[] | undefined): Weekday[] {
  if (ranges === undefined) return [...week];
  // Alertmanager's week begins on Sunday.
  const days = ["sunday", ...week.slice(0, 6)] as Weekday[];
  return ranges.flatMap((range) => {
    const [first = "", last = first] = range.toLowerCase().split(":");
    return days.slice(days.indexOf(first as Weekday), days.indexOf(last as Weekday) + 1);
  });
}
