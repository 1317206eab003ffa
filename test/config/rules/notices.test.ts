import { describe, expect, it } from "vitest";
import { covers, inUtc } from "../../../config/noticeHours.ts";
import { noticesSettings, type Schedule } from "../../../config/notices.ts";
import { observabilitySettings } from "../../../config/observability.ts";
import { noticesRules } from "../../../config/rules/notices.ts";
import { loadSettings } from "../../../config/load.ts";
import { settings } from "../../support/settings.ts";

const problems = (notices: unknown, monitoringNamespace?: string, backend = "operator") => {
  const given = settings();
  const network = { ...given.network, monitoringNamespace };
  const observability = observabilitySettings.parse({ backend });
  const all = { ...given, network, observability, notices: noticesSettings.parse(notices) };
  return noticesRules.flatMap(({ check }) => check(all)).map(({ path, problem }) => `${path}: ${problem}`);
};

const pager = { kind: "pager", name: "oncall", gets: { critical: "always" } };
const workdays = ["monday", "tuesday", "wednesday", "thursday", "friday"];
const everyDay = [...workdays, "saturday", "sunday"];
const day = { name: "day", timeZone: "Europe/Berlin", periods: [{ days: everyDay, from: "08:00", to: "20:00" }] };
const night = {
  name: "night",
  timeZone: "Europe/Berlin",
  periods: [
    { days: everyDay, to: "08:00" },
    { days: everyDay, from: "20:00" },
  ],
};
const by = (critical: string, name = critical) => ({ kind: "pager", name, gets: { critical } });

describe("notices", () => {
  it("are not asked for", () => expect(problems(undefined)).toEqual([]));
  it("may be as few as critical alerts to a pager", () => expect(problems({ receivers: [pager] })).toEqual([]));

  it("are of alerts, which somebody must raise", () => {
    const [problem] = problems({ receivers: [pager] }, undefined, "none");
    expect(problem).toBe(
      'observability.backend: is "none", and notices are asked for: nothing would raise an alert, and nobody send it',
    );
  });

  it("of critical alerts reach somebody at all hours", () => {
    expect(problems({ receivers: [{ ...pager, gets: { warning: "always" } }] })).toEqual([
      "notices.receivers: nobody gets critical alerts",
    ]);
    expect(problems({ receivers: [by("day")], schedules: [day] })).toEqual([
      'notices.receivers: nobody gets critical alerts at 2026-01-01T19:00:00.000Z, when "day" is over',
    ]);
    expect(problems({ receivers: [by("day"), by("night")], schedules: [day, night] })).toEqual([]);
  });

  it("leave no gap where clocks of two time zones change at different times", () => {
    const away = { ...night, timeZone: "America/New_York", periods: [{ days: everyDay, from: "02:00", to: "14:00" }] };
    // Six hours apart, but five for some weeks in March: until 02:00 there, nobody is told.
    expect(problems({ receivers: [by("day"), by("night")], schedules: [day, away] })).toEqual([
      expect.stringContaining("nobody gets critical alerts at 2026-"),
    ]);
  });

  it.each([
    ["two receivers of a name", { receivers: [pager, pager] }, 'notices.receivers.1.name: "oncall" is there already'],
    [
      "two schedules of a name",
      { receivers: [pager], schedules: [day, day] },
      'notices.schedules.1.name: "day" is there already',
    ],
    [
      "a schedule that is not there",
      { receivers: [pager, { ...pager, name: "b", gets: { warning: "dya" } }], schedules: [day] },
      'notices.receivers.1.gets.warning: there is no schedule "dya"',
    ],
    [
      "the heartbeat's name",
      { receivers: [{ ...pager, name: "heartbeat" }] },
      'notices.receivers.0.name: "heartbeat" is what notices.heartbeat is called',
    ],
  ])("refuse %s", (_, given, message) => expect(problems(given)).toEqual([message]));

  it("to a robot need to know where Alertmanager is", () => {
    const robot = { kind: "wecom", name: "group", gets: { critical: "always" } };
    expect(problems({ receivers: [robot] })).toEqual([
      expect.stringContaining("network.monitoringNamespace: is missing"),
    ]);
    expect(problems({ receivers: [robot] }, "monitoring")).toEqual([]);
  });
});

describe("secrets of notices", () => {
  const load = (values: Readonly<Record<string, unknown>>, secretKeys: readonly string[]) => {
    const texts = Object.entries(values).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]);
    return () =>
      loadSettings({ stack: "prod", values: Object.fromEntries(texts) as Record<string, string>, secretKeys });
  };
  const notices = {
    "dify-ha:notices": { receivers: [pager], heartbeat: {} },
    "dify-ha:observability": { backend: "operator" },
    "dify-ha:network": { monitoringNamespace: "monitoring" },
  };
  const urls = {
    "secrets:noticeUrl-oncall": "https://pager.example.com/k",
    "secrets:noticeUrl-heartbeat": "https://h/k",
  };

  it("must be given, for each receiver", () => {
    expect(load(notices, [])).toThrow(
      /secrets:noticeUrl-oncall: is missing.*\n.*secrets:noticeUrl-heartbeat: is missing/,
    );
    expect(load({ ...notices, ...urls }, Object.keys(urls))().notices.receivers).toHaveLength(1);
  });

  it("must not stand in plain text", () =>
    expect(load({ ...notices, ...urls }, ["secrets:noticeUrl-oncall"])).toThrow(
      /1 setting is wrong.*\n.*secrets:noticeUrl-heartbeat: stands in the configuration in plain text/,
    ));

  it("must be URLs with TLS, and are never told", () => {
    const wrong = { ...urls, "secrets:noticeUrl-oncall": "http://pager.example.com/token" };
    const loading = load({ ...notices, ...wrong }, Object.keys(wrong));
    expect(loading).toThrow(/secrets:noticeUrl-oncall: .* must be a URL that begins with https/);
    expect(loading).not.toThrow(/example\.com/);
  });
});

describe("hours", () => {
  const schedule = (timeZone: string, ...periods: { days: string[]; from?: string; to?: string }[]): Schedule =>
    noticesSettings.parse({ schedules: [{ name: "hours", timeZone, periods }] }).schedules[0] as Schedule;

  it("are those of their time zone, in summer and in winter", () => {
    const berlin = schedule("Europe/Berlin", { days: workdays, from: "09:00", to: "17:00" });
    const at = (text: string) => covers(berlin, new Date(text));
    expect([at("2026-01-05T07:59:00Z"), at("2026-01-05T08:00:00Z"), at("2026-01-05T16:00:00Z")]).toEqual([
      false,
      true,
      false,
    ]);
    expect([at("2026-07-06T07:00:00Z"), at("2026-07-06T15:00:00Z"), at("2026-07-05T10:00:00Z")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("are exact in UTC where clocks do not change, over midnight and the end of the week", () => {
    expect(inUtc(schedule("Asia/Shanghai", { days: ["monday"], from: "06:00", to: "18:00" }))).toEqual([
      { days: ["monday"], from: "00:00", to: "10:00" },
      { days: ["sunday"], from: "22:00", to: "24:00" },
    ]);
    expect(inUtc(schedule("Asia/Kabul", { days: ["tuesday"], from: "09:00", to: "17:30" }))).toEqual([
      { days: ["tuesday"], from: "04:30", to: "13:00" },
    ]);
    expect(inUtc(schedule("America/Phoenix", { days: ["sunday"], from: "12:00" }))).toEqual([
      { days: ["monday"], from: "00:00", to: "07:00" },
      { days: ["sunday"], from: "19:00", to: "24:00" },
    ]);
  });

  it("are those of both seasons in UTC where clocks change", () =>
    expect(inUtc(schedule("Europe/Berlin", { days: ["friday"], from: "09:00", to: "17:00" }))).toEqual([
      { days: ["friday"], from: "07:00", to: "16:00" },
    ]));

  it.each([
    ["a night in one", { days: ["monday"], from: "22:00", to: "06:00" }],
    ["no such time", { days: ["monday"], from: "9:00" }],
    ["no day", { days: [] }],
  ])("refuse %s", (_, period) => expect(() => schedule("Etc/UTC", period)).toThrow());
});
