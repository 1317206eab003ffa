import { inUtc } from "../../../config/noticeHours.ts";
import { heartbeatName, type NoticesSettings, type Receiver } from "../../../config/notices.ts";
import type { NoticeSecret } from "../../../config/noticeSecrets.ts";
import { robotUrl, seconds, type Json } from "./config.ts";
import { alertLabels } from "./labels.ts";
import { groupedBy, inhibitions, nobody, routes, usedSchedules, type Matcher, type Route } from "./routing.ts";

/** What the resource leads to. */
export interface OperatorPlaces {
  /** Prefix of the stack: no alert without it is ours. */
  readonly stack: string;
  /** Secret beside the resource, with a key for each secret. */
  readonly secret: string;
  /** URL of the forwarder, without a path. */
  readonly forwarder: string;
}

/**
 * The specification of an AlertmanagerConfig (monitoring.coreos.com/v1alpha1), for an Alertmanager that an operator runs: the same routes
 * below one that takes our alerts alone. It knows no time zones: hours are in UTC (see `inUtc`).
 */
export function alertmanagerConfigSpec(settings: NoticesSettings, places: OperatorPlaces): Json {
  const ours: Matcher = { name: alertLabels.stack, type: "=", value: places.stack };
  return {
    route: {
      receiver: nobody,
      matchers: [matcher(ours)],
      groupBy: [...groupedBy],
      groupWait: seconds(settings.groupWait),
      groupInterval: seconds(settings.groupInterval),
      repeatInterval: seconds(settings.repeat.critical * 3600),
      routes: routes(settings).map(route),
    },
    inhibitRules: inhibitions().map(({ source, target, equal }) => ({
      sourceMatch: [ours, ...source].map(matcher),
      targetMatch: [ours, ...target].map(matcher),
      ...(equal.length > 0 && { equal }),
    })),
    muteTimeIntervals: usedSchedules(settings).map((schedule) => ({
      name: schedule.name,
      timeIntervals: inUtc(schedule).map(({ days, from, to }) => ({
        weekdays: [...days],
        times: [{ startTime: from, endTime: to }],
      })),
    })),
    receivers: [
      { name: nobody },
      ...settings.receivers.map((receiver) => receiverConfig(receiver, places)),
      ...(settings.heartbeat ? [{ name: heartbeatName, webhookConfigs: [secretUrl(heartbeatName, places)] }] : []),
    ],
  };
}

const matcher = ({ name, type, value }: Matcher): Json => ({ name, matchType: type, value });

function route({ receiver, matchers, schedule, groupWait, groupInterval, repeat, continue: on }: Route): Json {
  return {
    receiver,
    matchers: matchers.map(matcher),
    ...(schedule && { activeTimeIntervals: [schedule] }),
    ...(groupWait !== undefined && { groupWait: seconds(groupWait) }),
    ...(groupInterval !== undefined && { groupInterval: seconds(groupInterval) }),
    ...(repeat !== undefined && { repeatInterval: seconds(repeat) }),
    ...(on && { continue: true }),
  };
}

const reference = (key: NoticeSecret, { secret }: OperatorPlaces) => ({ name: secret, key });

const secretUrl = (receiver: string, places: OperatorPlaces) => ({
  urlSecret: reference(`noticeUrl-${receiver}`, places),
  sendResolved: receiver !== heartbeatName,
});

function receiverConfig(receiver: Receiver, places: OperatorPlaces): Json {
  const { name } = receiver;
  switch (receiver.kind) {
    case "email":
      return {
        name,
        emailConfigs: [
          {
            to: receiver.to.join(", "),
            from: receiver.from,
            smarthost: receiver.smarthost,
            requireTLS: true,
            sendResolved: true,
            ...(receiver.user !== undefined && {
              authUsername: receiver.user,
              authPassword: reference(`noticePassword-${name}`, places),
            }),
          },
        ],
      };
    case "dingtalk":
    case "wecom":
      return { name, webhookConfigs: [{ url: robotUrl(receiver, places), sendResolved: true }] };
    case "pager":
    case "ticket":
      return { name, webhookConfigs: [secretUrl(name, places)] };
  }
}
