import { stringify } from "yaml";
import type { Settings } from "../../config/settings.ts";
import type { Alert } from "./alerts/alert.ts";
import { alertLabels } from "./alertmanager/labels.ts";
import { alertGroups } from "./alerts/index.ts";
import { historyRules, recordingInterval, type RecordingRule } from "./recordings.ts";

/** A rule as Prometheus reads it, in files and in PrometheusRules alike. */
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<"summary" | "runbook" | "dashboard", string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly AlertingRule[];
}

export interface RecordingGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly RecordingRule[];
}

function alertingRule(
  { name, severity, expr, summary, runbook, dashboard, labels, ...rest }: Alert,
  stack: string,
): AlertingRule {
  return {
    alert: name,
    expr,
    ...(rest.for !== undefined && { for: rest.for }),
    labels: { severity, [alertLabels.stack]: stack, ...labels },
    annotations: { summary, runbook, dashboard },
  };
}

/** All alerts of the stack. Groups bear the stack's name, as those of others may be evaluated beside them. */
export function ruleGroups(settings: Settings): RuleGroup[] {
  const { prefix } = settings.cluster;
  return alertGroups(settings).map(({ name, alerts }) => ({
    name: `${prefix}-${name}`,
    rules: alerts.map((alert) => alertingRule(alert, prefix)),
  }));
}

/** What alerts are made of besides what is scraped. */
export function recordingGroups(settings: Settings): RecordingGroup[] {
  const name = `${settings.cluster.prefix}-backup-history`;
  return [{ name, interval: `${recordingInterval}s`, rules: historyRules(settings) }];
}

/** rules.yml of a Prometheus that reads files. */
export function rulesFile(settings: Settings): string {
  return stringify({ groups: [...recordingGroups(settings), ...ruleGroups(settings)] }, { lineWidth: 0 });
}
