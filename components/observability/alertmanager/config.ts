import { stringify } from "yaml";
import { heartbeatName, robotsOf, type NoticesSettings, type Receiver } from "../../../config/notices.ts";
import type { NoticeSecret } from "../../../config/noticeSecrets.ts";
import { groupedBy, inhibitions, nobody, routes, usedSchedules, type Matcher, type Route } from "./routing.ts";

/** What the configuration leads to. */
export interface AlertmanagerPlaces {
  /** Folder of the secrets: a file each, by its name. */
  readonly secrets: string;
  /** URL of the forwarder, without a path. */
  readonly forwarder: string;
}

export type Json = { readonly [key: string]: unknown };

/** The configuration of an Alertmanager of our own (0.28). No secret is part of it: it names the files that have them. */
export function alertmanagerConfig(settings: NoticesSettings, places: AlertmanagerPlaces): Json {
  return {
    route: {
      receiver: nobody,
      group_by: [...groupedBy],
      group_wait: seconds(settings.groupWait),
      group_interval: seconds(settings.groupInterval),
      repeat_interval: seconds(settings.repeat.critical * 3600),
      routes: routes(settings).map(route),
    },
    inhibit_rules: inhibitions().map(({ source, target, equal }) => ({
      source_matchers: source.map(matcher),
      target_matchers: target.map(matcher),
      ...(equal.length > 0 && { equal }),
    })),
    time_intervals: usedSchedules(settings).map(({ name, timeZone, periods }) => ({
      name,
      time_intervals: periods.map(({ days, from, to }) => ({
        weekdays: [...days],
        times: [{ start_time: from, end_time: to }],
        location: timeZone,
      })),
    })),
    receivers: [
      { name: nobody },
      ...settings.receivers.map((receiver) => receiverConfig(receiver, places)),
      ...(settings.heartbeat ? [{ name: heartbeatName, webhook_configs: [secretUrl(heartbeatName, places)] }] : []),
    ],
  };
}

/** The same as the text of alertmanager.yml. */
export function alertmanagerYaml(settings: NoticesSettings, places: AlertmanagerPlaces): string {
  return stringify(alertmanagerConfig(settings, places), { aliasDuplicateObjects: false });
}

/** A length of time as Alertmanager and Prometheus write it. */
export const seconds = (count: number): string => `${count}s`;

/** Labels of ours need no escape, and what they are compared with is text of ours. */
const matcher = ({ name, type, value }: Matcher): string => `${name}${type}${JSON.stringify(value)}`;

function route({ receiver, matchers, schedule, groupWait, groupInterval, repeat, continue: on }: Route): Json {
  return {
    receiver,
    matchers: matchers.map(matcher),
    ...(schedule && { active_time_intervals: [schedule] }),
    ...(groupWait !== undefined && { group_wait: seconds(groupWait) }),
    ...(groupInterval !== undefined && { group_interval: seconds(groupInterval) }),
    ...(repeat !== undefined && { repeat_interval: seconds(repeat) }),
    ...(on && { continue: true }),
  };
}

const file = (name: NoticeSecret, { secrets }: AlertmanagerPlaces) => `${secrets}/${name}`;

const secretUrl = (receiver: string, places: AlertmanagerPlaces) => ({
  url_file: file(`noticeUrl-${receiver}`, places),
  send_resolved: receiver !== heartbeatName,
});

function receiverConfig(receiver: Receiver, places: AlertmanagerPlaces): Json {
  const { name } = receiver;
  switch (receiver.kind) {
    case "email":
      return {
        name,
        email_configs: [
          {
            to: receiver.to.join(", "),
            from: receiver.from,
            smarthost: receiver.smarthost,
            require_tls: true,
            send_resolved: true,
            ...(receiver.user !== undefined && {
              auth_username: receiver.user,
              auth_password_file: file(`noticePassword-${name}`, places),
            }),
          },
        ],
      };
    case "dingtalk":
    case "wecom":
      return { name, webhook_configs: [{ url: robotUrl(receiver, places), send_resolved: true }] };
    case "pager":
    case "ticket":
      return { name, webhook_configs: [secretUrl(name, places)] };
  }
}

/** Where Alertmanager sends what is for a robot. */
export const robotUrl = ({ name }: Pick<Receiver, "name">, { forwarder }: Pick<AlertmanagerPlaces, "forwarder">) =>
  `${forwarder}/${name}`;

/** What the forwarder is told of each robot; its secrets lie in files. */
export function forwarderConfig(settings: NoticesSettings): string {
  const robots = robotsOf(settings).map((robot) => ({
    name: robot.name,
    kind: robot.kind,
    signed: robot.kind === "dingtalk" && robot.signed,
  }));
  return `${JSON.stringify({ robots }, undefined, 2)}\n`;
}
