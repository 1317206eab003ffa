/**
 * What notices go by: names and labels that alerts have, beside `alertname` and `severity`. Whoever writes an alert sets them, and docs/notices.md
 * tells people.
 */
export const alertLabels = {
  /** Of every alert: the stack's prefix. An Alertmanager that serves others too tells ours by it. */
  stack: "stack",
  /** "instances": tells of several instances that are away, as the loss of their zone would explain. What tells of one has the label `pod`. */
  scope: "scope",
  /** The same for a warning and for the critical alert that says the same, only worse: "volume" of VolumeFilling and VolumeFull. */
  topic: "topic",
  /** Zone of what an alert is about, where it is known; of ZoneLost, the zone that is lost. */
  zone: "zone",
  /** Of a test: tells one from the next. */
  test: "test",
  /** Of a test: the one receiver that gets it. */
  receiver: "receiver",
} as const;

/** Always firing: that it is heard proves that alerts are evaluated and sent. */
export const watchdogAlert = "Watchdog";

/** A zone's nodes are gone. It explains every instance in it that is. */
export const zoneLostAlert = "ZoneLost";

/** Sent by `npm run notice`. */
export const testAlert = "TestNotice";
