import { noticesSettings, week, type NoticesSettings } from "../../../config/notices.ts";

const workdays = ["monday", "tuesday", "wednesday", "thursday", "friday"];

/** One receiver of each kind, as a team may have them. */
export const receivers = [
  { kind: "pager", name: "oncall", gets: { critical: "always" } },
  { kind: "ticket", name: "tickets", gets: { critical: "always", warning: "always" } },
  {
    kind: "email",
    name: "mail",
    gets: { critical: "always", warning: "working-hours", info: "working-hours" },
    to: ["team@example.com", "lead@example.com"],
    from: "dify@example.com",
    smarthost: "smtp.example.com:587",
    user: "dify",
  },
  { kind: "dingtalk", name: "team", gets: { critical: "always", warning: "working-hours" } },
  { kind: "wecom", name: "group", gets: { critical: "always" } },
] as const;

/** Labels of alerts, and to whom they go in working hours. */
export const routed: readonly (readonly [string, readonly string[], string])[] = [
  ["critical", ["severity=critical"], "oncall,tickets,mail,team,group"],
  ["warning", ["severity=warning"], "tickets,mail,team"],
  ["info", ["severity=info"], "mail"],
  ["without a severity, which counts as critical", ["pod=redis-0"], "oncall,tickets,mail,team,group"],
  ["with a severity that nobody knows", ["severity=error"], "oncall,tickets,mail,team,group"],
  ["that is not to be told", ["severity=none"], "nobody"],
  ["Watchdog", ["alertname=Watchdog", "severity=info"], "heartbeat"],
  ["of a test for one receiver", ["alertname=TestNotice", "severity=info", "receiver=oncall"], "oncall"],
  ["of a test for all that get it", ["alertname=TestNotice", "severity=warning"], "tickets,mail,team"],
];

/** Settings with those receivers. */
export function notices(changes: Readonly<Record<string, unknown>> = {}): NoticesSettings {
  return noticesSettings.parse({
    receivers,
    schedules: [
      { name: "working-hours", timeZone: "Asia/Shanghai", periods: [{ days: workdays, from: "09:00", to: "18:00" }] },
    ],
    heartbeat: {},
    ...changes,
  });
}

/** A schedule of the days that are, or are not, today or tomorrow in UTC. */
export function schedule(name: string, on: boolean) {
  const today = (new Date().getUTCDay() + 6) % 7;
  const days = week.filter((_, i) => on === (i === today || i === (today + 1) % 7));
  return { name, timeZone: "Etc/UTC", periods: [{ days }] };
}
