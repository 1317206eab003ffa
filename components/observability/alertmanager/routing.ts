import {
  always,
  heartbeatName,
  severities,
  type NoticesSettings,
  type Receiver,
  type Severity,
} from "../../../config/notices.ts";
import { alertLabels, testAlert, watchdogAlert, zoneLostAlert } from "./labels.ts";

export interface Matcher {
  readonly name: string;
  readonly type: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

/** Who gets what, in Alertmanager's terms. Times are in seconds. */
export interface Route {
  readonly receiver: string;
  readonly matchers: readonly Matcher[];
  /** Schedule outside of which nothing is sent. */
  readonly schedule?: string;
  readonly groupWait?: number;
  readonly groupInterval?: number;
  readonly repeat?: number;
  /** Whether routes after it are looked at, too. */
  readonly continue: boolean;
}

/** While an alert of the first kind is firing, none of the second is sent that has the same values of `equal`. */
export interface Inhibition {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

/** Receiver of what nobody is told of. */
export const nobody = "nobody";

/** A group of alerts is one notice. */
export const groupedBy = ["alertname", "namespace", "severity", alertLabels.test] as const;

/** Alertmanager forgets after 120 hours what it has sent: later than this a ticket might be opened twice. */
const ticketRepeat = 96 * 3600;

const is = (name: string, value: string): Matcher => ({ name, type: "=", value });

/** What has no severity that we know, or none at all, is as bad as can be. */
const ofSeverity = (severity: Severity): Matcher =>
  severity === "critical" ? { name: "severity", type: "!~", value: "warning|info|none" } : is("severity", severity);

/** Routes in their order: signs of life, tests for one receiver, then all that each receiver gets. */
export function routes(settings: NoticesSettings): Route[] {
  const { receivers } = settings;
  return [
    heartbeatRoute(settings),
    ...receivers.map(({ name }) => ({
      receiver: name,
      matchers: [is("alertname", testAlert), is(alertLabels.receiver, name)],
      groupWait: 0,
      continue: false,
    })),
    ...receivers.flatMap((receiver) => severities.flatMap((severity) => routeOf(receiver, severity, settings))),
  ];
}

function heartbeatRoute({ heartbeat }: NoticesSettings): Route {
  const matchers = [is("alertname", watchdogAlert)];
  if (!heartbeat) return { receiver: nobody, matchers, continue: false };
  // Looked at every so often, and sent again each time: the time since the last is a little less than the interval, or a little more.
  const repeat = Math.floor(heartbeat.every * 0.8);
  return {
    receiver: heartbeatName,
    matchers,
    groupWait: 0,
    groupInterval: heartbeat.every,
    repeat,
    continue: false,
  };
}

function routeOf({ name, kind, gets }: Receiver, severity: Severity, { repeat }: NoticesSettings): Route[] {
  const when = gets[severity];
  if (when === undefined) return [];
  return [
    {
      receiver: name,
      matchers: [ofSeverity(severity)],
      ...(when !== always && { schedule: when }),
      repeat: kind === "ticket" ? ticketRepeat : repeat[severity] * 3600,
      continue: true,
    },
  ];
}

/** What need not be told since something else tells it. */
export function inhibitions(): Inhibition[] {
  const { scope, topic, zone, test } = alertLabels;
  const critical = is("severity", "critical");
  const lesser: Matcher = { name: "severity", type: "=~", value: "warning|info" };
  const some = (name: string): Matcher => ({ name, type: "!=", value: "" });
  // What an alert is about; a label that neither has is equal.
  const thing = ["namespace", "persistentvolumeclaim", "cronjob"];
  const lost = is("alertname", zoneLostAlert);
  const instances = [some("pod"), is(scope, "instances")];
  return [
    { source: [critical], target: [lesser], equal: ["alertname", "pod", ...thing, test] },
    { source: [critical, some(topic)], target: [lesser, some(topic)], equal: [topic, ...thing] },
    // A lost zone is one page. An instance of which nobody says where it is counts as one of that zone.
    ...instances.flatMap((target) => [
      { source: [lost], target: [target], equal: [zone] },
      { source: [lost], target: [target, is(zone, "")], equal: [] },
    ]),
  ];
}

/** Schedules that a route goes by: Alertmanager need not know others. */
export function usedSchedules(settings: NoticesSettings): NoticesSettings["schedules"] {
  const used = routes(settings).map(({ schedule }) => schedule);
  return settings.schedules.filter(({ name }) => used.includes(name));
}
