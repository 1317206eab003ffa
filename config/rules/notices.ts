import { always, hasNotices, heartbeatName, robotsOf, severities, type NoticesSettings } from "../notices.ts";
import { firstGap } from "../noticeHours.ts";
import { rule, type Problem } from "../rules.ts";

/** Checks on who is told of alerts. */
export const noticesRules = [
  rule("receivers and schedules have names of their own", ["notices"], ({ notices }) => [
    ...twice("notices.receivers", notices.receivers),
    ...twice("notices.schedules", notices.schedules),
    ...notices.receivers.flatMap(({ name }, i) =>
      name === heartbeatName
        ? [
            {
              path: `notices.receivers.${i}.name`,
              problem: `"${heartbeatName}" is what notices.heartbeat is called`,
              remedy: "give another name",
            },
          ]
        : [],
    ),
  ]),
  rule("receivers go by schedules that there are", ["notices"], ({ notices: { receivers, schedules } }) => {
    const known = [always, ...schedules.map(({ name }) => name)];
    return receivers.flatMap(({ gets }, i) =>
      severities.flatMap((severity) => {
        const when = gets[severity];
        if (when === undefined || known.includes(when)) return [];
        return [
          {
            path: `notices.receivers.${i}.gets.${severity}`,
            problem: `there is no schedule "${when}"`,
            remedy: `give one of ${known.join(", ")}`,
          },
        ];
      }),
    );
  }),
  rule("somebody is told of critical alerts at every hour", ["notices"], ({ notices }) => criticalGap(notices)),
  rule("notices have alerts", ["notices", "observability"], ({ notices, observability }) =>
    hasNotices(notices) && observability.backend === "none"
      ? [
          {
            path: "observability.backend",
            problem: 'is "none", and notices are asked for: nothing would raise an alert, and nobody send it',
            remedy: "set operator or bundled, or leave notices out",
          },
        ]
      : [],
  ),
  rule(
    "robots are reached from where Alertmanager runs",
    ["notices", "network", "observability"],
    ({ notices, network, observability }) =>
      robotsOf(notices).length > 0 && observability.backend !== "bundled" && network.monitoringNamespace === undefined
        ? [
            {
              path: "network.monitoringNamespace",
              problem: "is missing, and notices to DingTalk or WeCom go through a forwarder that only it may reach",
              remedy: "give the namespace in which Alertmanager runs",
            },
          ]
        : [],
  ),
];

function twice(path: string, named: readonly { readonly name: string }[]): Problem[] {
  const names = named.map(({ name }) => name);
  return names.flatMap((name, i) =>
    names.indexOf(name) < i
      ? [{ path: `${path}.${i}.name`, problem: `"${name}" is there already`, remedy: "give another name" }]
      : [],
  );
}

/** A day has passed unheard of when nobody was told at night: this is refused, and named by the first hour without anybody. */
function criticalGap({ receivers, schedules }: NoticesSettings): Problem[] {
  if (receivers.length === 0) return [];
  const chosen = receivers.flatMap(({ gets }) => gets.critical ?? []);
  const asked = schedules.filter(({ name }) => chosen.includes(name));
  // A schedule that is missing is told of elsewhere.
  if (chosen.includes(always) || asked.length < new Set(chosen).size) return [];
  const gap = firstGap(asked);
  if (!gap) return [];
  return [
    {
      path: "notices.receivers",
      problem:
        asked.length === 0
          ? "nobody gets critical alerts"
          : `nobody gets critical alerts at ${gap.toISOString()}, when ${asked.map(({ name }) => `"${name}"`).join(" and ")} ${asked.length > 1 ? "are" : "is"} over`,
      remedy: "set gets.critical of a receiver to always",
    },
  ];
}
