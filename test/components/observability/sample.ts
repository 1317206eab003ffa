import { noticesSettings, type NoticesSettings } from "../../../config/notices.ts";

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
