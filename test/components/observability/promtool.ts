import { stringify } from "yaml";
import { ruleGroups, type AlertingRule } from "../../../components/observability/rules.ts";
import type { Settings } from "../../../config/settings.ts";
import { cases, minutes, type Series } from "./cases.ts";

/** A series on which one alert is tried, and what is expected of it. */
export interface Trial {
  readonly rule: AlertingRule;
  readonly series: Series;
  readonly fires: boolean;
}

export function trials(settings: Settings): Trial[] {
  return ruleGroups(settings)
    .flatMap(({ rules }) => rules)
    .flatMap((rule) => {
      const found = cases[rule.alert]?.(rule);
      return [
        ...(found?.fires ?? []).map((series): Trial => ({ rule, series, fires: true })),
        ...(found?.silent ?? []).map((series): Trial => ({ rule, series, fires: false })),
      ];
    });
}

/** Selects an alert while it fires, apart from others of its name. */
function firing({ alert, labels }: AlertingRule): string {
  const own = Object.entries(labels).map(([label, value]) => `, ${label}="${value}"`);
  return `ALERTS{alertname="${alert}", alertstate="firing"${own.join("")}}`;
}

const inputs = (series: Series) => Object.entries(series).map(([name, values]) => ({ series: name, values }));

/** Files by name: for each rule one with the rule alone, as promtool evaluates all rules of a file in each test, and one with its tests. */
function files(
  all: readonly Trial[],
  prefix: string,
  test: (trial: Trial, i: number) => object,
): Record<string, string> {
  const rules = [...new Set(all.map(({ rule }) => rule))];
  return Object.fromEntries(
    rules.flatMap((rule, i) => {
      const tests = all.filter((trial) => trial.rule === rule).map(test);
      const groups = [{ name: "one", rules: [rule] }];
      const file = { rule_files: [`${prefix}-rule-${i}.yml`], evaluation_interval: "1m", tests };
      return [
        [`${prefix}-rule-${i}.yml`, stringify({ groups }, { lineWidth: 0 })],
        [`${prefix}-test-${i}.yml`, stringify(file, { lineWidth: 0 })],
      ];
    }),
  );
}

/** Each trial as a test of promtool's. */
export function unitTests(all: readonly Trial[]): Record<string, string> {
  return files(all, "unit", ({ rule, series, fires }) => ({
    name: `${rule.alert} ${fires ? "fires" : "is silent"} on ${JSON.stringify(series)}`,
    interval: "1m",
    input_series: inputs(series),
    promql_expr_test: [
      {
        expr: `(count(${firing(rule)}) > bool 0) or vector(0)`,
        eval_time: `${minutes}m`,
        exp_samples: [{ labels: "{}", value: fires ? 1 : 0 }],
      },
    ],
  }));
}

/** Tests that expect no alert where one must fire, so that promtool prints what came instead, its words filled in. */
export function printingTests(all: readonly Trial[]): Record<string, string> {
  return files(
    all.filter(({ fires }) => fires),
    "printing",
    ({ rule, series }) => ({
      interval: "1m",
      input_series: inputs(series),
      alert_rule_test: [{ eval_time: `${minutes}m`, alertname: rule.alert, exp_alerts: [] }],
    }),
  );
}
