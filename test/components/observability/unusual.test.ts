import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { unusualAlerts } from "../../../components/observability/alerts/unusual.ts";
import { recordingGroups, ruleGroups } from "../../../components/observability/rules.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { daily, step, weekend, written, type Hours } from "./recorded.ts";
import { wholeStack } from "./sample.ts";

const whole = wholeStack();
const names = unusualAlerts(whole).map(({ name }) => name);

/** Six weeks of history, and a month in which nothing is wrong. */
const history = 42;
const days = history + 30;

const labels = 'namespace="dify-data", instance="10.0.0.1:9091", pod="pushgateway-0"';
const objects = `${labels}, job="objects-copy", dataset="objects", site="cluster", bucket="dify-files"`;
const dump = `${labels}, job="postgres-dump", dataset="dumps", site="cluster"`;
const incremental = `${labels}, job="postgres-incremental", dataset="postgres", site="cluster", kind="incremental"`;
const table = `${labels}, job="coordinated-backup", dataset="coordinated", database="dify", table="public.messages"`;

const GB = 1e9;

/** What jobs tell of a stack that is used on weekdays, and grows by 0.3 % each of them. */
const grown = (day: number) => 1.003 ** Math.floor((day * 5) / 7);
const ordinary: Readonly<Record<string, (day: number, noise: () => number) => number>> = {
  [`dify_backup_bytes{${objects}}`]: (day, noise) => 40 * GB * grown(day) * (1 + 0.002 * noise()),
  [`dify_backup_objects{${objects}}`]: (day, noise) => Math.round(90_000 * grown(day) * (1 + 0.002 * noise())),
  // Some days have five times as much as others.
  [`dify_backup_changed_bytes{${objects}}`]: (day, noise) => (weekend(day) ? 0.02 : 0.3) * GB * Math.exp(0.8 * noise()),
  [`dify_backup_changed_objects{${objects}}`]: (day, noise) =>
    Math.round((weekend(day) ? 40 : 700) * Math.exp(0.8 * noise())),
  [`dify_backup_compressed_ratio{${objects}}`]: (_, noise) => Math.min(1, 0.62 + 0.04 * noise()),
  [`dify_backup_bytes{${dump}}`]: (day, noise) => 6 * GB * grown(day) * (1 + 0.01 * noise()),
  [`dify_backup_duration_seconds{${dump}}`]: (day, noise) => (weekend(day) ? 500 : 900) * Math.exp(0.2 * noise()),
  // A tenth on weekends.
  [`dify_backup_changed_bytes{${incremental}}`]: (day, noise) =>
    (weekend(day) ? 0.3 : 3) * GB * Math.exp(0.3 * noise()),
  [`dify_backup_bytes{${incremental}}`]: (day, noise) => 60 * GB * grown(day) * (1 + 0.01 * noise()),
  [`dify_backup_duration_seconds{${incremental}}`]: (day, noise) => (weekend(day) ? 90 : 700) * Math.exp(0.3 * noise()),
  [`dify_backup_rows{${table}}`]: (day, noise) => Math.round(500_000 * grown(day) * (1 + 0.01 * noise())),
};

type Recorded = Readonly<Record<string, Hours>>;

const month = (seed: number): Recorded =>
  Object.fromEntries(
    Object.entries(ordinary).map(([series, value], i) => [series, daily({ days, seed: 100 * seed + i, value })]),
  );

/** What is told from a day on, in place of what would have been. */
const from = (day: number, change: (value: number, daysLater: number) => number, hours: Hours): Hours =>
  hours.map((value, hour) => (hour < day * 24 + 2 ? value : change(value, Math.floor((hour - 2) / 24) - day)));

interface Story {
  readonly name: string;
  readonly series: Recorded;
  /** Alerts that fire between two days, and no others do; by the first and the last day. */
  readonly fire: readonly { readonly days: readonly [number, number]; readonly alerts: readonly string[] }[];
}

/** Alerts of ours that have fired between two days, as promtool is asked for them. */
function firings({ days: [first, last], alerts }: Story["fire"][number]) {
  const fired = `ALERTS{alertname=~"${names.join("|")}", alertstate="firing"}`;
  return {
    expr: `count by (alertname) (count_over_time(${fired}[${(last - first) * 24 - 1}h])) > bool 0`,
    eval_time: `${last * 24}h`,
    exp_samples: alerts.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
  };
}

const test = ({ name, series, fire }: Story) => ({
  name,
  interval: `${step}h`,
  input_series: Object.entries(series).map(([each, hours]) => ({ series: each, values: written(hours) })),
  promql_expr_test: fire.map(firings),
});

/** Evaluates all that alerts on unusual backups are made of as one group: what a rule reads was computed before it. */
async function told(stories: readonly Story[]): Promise<string> {
  const alerts = ruleGroups(whole).flatMap(({ rules }) => rules.filter(({ alert }) => names.includes(alert)));
  const rules = [...recordingGroups(whole).flatMap((group) => group.rules), ...alerts];
  const tests = { rule_files: ["rules.yml"], evaluation_interval: `${step}h`, tests: stories.map(test) };
  const { exitCode, stderr } = await runInDebian({
    argv: ["promtool", "test", "rules", "/tests/tests.yml"],
    files: {
      "/tests/rules.yml": stringify({ groups: [{ name: "one", rules }] }, { lineWidth: 0 }),
      "/tests/tests.yml": stringify(tests, { lineWidth: 0 }),
    },
    timeoutSeconds: 110,
  });
  expect(exitCode === 0).toBe(stderr === "");
  return stderr;
}

const quiet = { days: [14, days] as const, alerts: [] };

/** One series that goes another way than it would have. */
function changed(name: string, pattern: RegExp, change: (hours: Hours) => Hours, fire: Story["fire"]): Story {
  const all = month(7);
  const series = Object.fromEntries(
    Object.entries(all)
      .filter(([each]) => pattern.test(each))
      .map(([each, hours]) => [each, change(hours)]),
  );
  if (Object.keys(series).length === 0) throw new Error(`no series is like ${pattern}`);
  return { name, series: { ...all, ...series }, fire };
}

describe("of backups", { timeout: 120_000 }, () => {
  usesDebian();

  it.each([1, 2])("nothing is told in a month of ordinary noise with weekends and late runs (%i)", async (seed) => {
    expect(await told([{ name: "ordinary", series: month(seed), fire: [quiet] }])).toBe("");
  });

  const before = { days: [14, history] as const, alerts: [] };
  const dayAfter = (...alerts: string[]) => ({ days: [history, history + 1] as const, alerts });
  const tenfold = changed(
    "tenfold growth",
    /^dify_backup_(bytes|duration_seconds)\{.*"dumps"/,
    (hours) => from(history, (value) => 10 * value, hours),
    [before, dayAfter("BackupDurationUnusual", "BackupSizeUnusual")],
  );
  const emptied = changed("an emptied table", /^dify_backup_rows/, (hours) => from(history, () => 0, hours), [
    before,
    dayAfter("BackupRowsLost"),
  ]);
  const emptiedBucket = changed(
    "an emptied bucket",
    /^dify_backup_(bytes|objects)\{.*"objects"/,
    (hours) => from(history, () => 0, hours),
    [before, dayAfter("BackupCountUnusual", "BackupSizeUnusual")],
  );
  const everything = month(7);
  const ofBucket = (metric: string) => everything[`dify_backup_${metric}{${objects}}`] ?? [];
  const encrypted: Story = {
    name: "an encrypted bucket: as many objects of the same size, each of them written anew",
    series: {
      ...everything,
      [`dify_backup_compressed_ratio{${objects}}`]: from(history, () => 1, ofBucket("compressed_ratio")),
      ...Object.fromEntries(
        ["objects", "bytes"].map((what) => [
          `dify_backup_changed_${what}{${objects}}`,
          ofBucket(`changed_${what}`).map((value, hour) =>
            hour >= history * 24 + 2 && hour < history * 24 + 26 ? (ofBucket(what)[hour] ?? 0) : value,
          ),
        ]),
      ),
    },
    fire: [before, dayAfter("BackupChangeUnusual", "BackupCompressionUnusual", "BackupLooksEncrypted")],
  };
  const drifting = changed(
    "a slow drift, by 3 % a day",
    /^dify_backup_bytes\{.*"dumps"/,
    (hours) => from(history, (value, daysLater) => value * 1.03 ** daysLater, hours),
    [
      before,
      // It is not told before it has gone far.
      { days: [history, history + 10], alerts: [] },
      { days: [history + 10, days], alerts: ["BackupDrifted"] },
    ],
  );

  it.each([tenfold, emptied, emptiedBucket, encrypted, drifting])(
    "$name is told, by these alerts and no others",
    async (story) => {
      expect(await told([story])).toBe("");
    },
  );
});
