import type { Settings } from "../../../config/settings.ts";
import { within, type Alert } from "./alert.ts";

const common = { runbook: "monitoring-blind", dashboard: "availability" } as const;

/** Of the stack's own Prometheus servers and Alertmanagers: each server watches the other, and tells what that one cannot. */
export function bundledAlerts(settings: Settings): Alert[] {
  const { observability } = settings;
  if (observability.backend !== "bundled") return [];
  const prometheus = within(settings, "data", 'job="prometheus"');
  const alertmanager = within(settings, "data", 'job="alertmanager"');
  const { replicas } = observability.alertmanager;
  return [
    {
      ...{ name: "NoticesFailing", severity: "critical", for: "5m", ...common },
      expr: `sum by (namespace, integration) (rate(alertmanager_notifications_failed_total${alertmanager}[5m])) > 0`,
      summary: "Alertmanager's notices by {{ $labels.integration }} fail: who is told that way is not.",
    },
    {
      ...{ name: "AlertsNotSent", severity: "critical", for: "5m", ...common },
      expr: `prometheus_notifications_alertmanagers_discovered${prometheus} == 0 or rate(prometheus_notifications_dropped_total${prometheus}[5m]) > 0`,
      summary: "{{ $labels.pod }} reaches no Alertmanager: its alerts are told to nobody.",
    },
    {
      ...{ name: "AlertsNotEvaluated", severity: "critical", for: "5m", ...common },
      expr: `sum by (namespace, pod) (increase(prometheus_rule_evaluation_failures_total${prometheus}[5m])) > 0`,
      summary: "{{ $labels.pod }} cannot evaluate all alerts: some are silent whatever happens.",
    },
    ...(replicas > 1
      ? [
          {
            ...({ name: "AlertmanagersApart", severity: "warning", for: "10m", ...common } as const),
            expr: `alertmanager_cluster_members${alertmanager} < ${replicas}`,
            summary: `{{ $labels.pod }} sees {{ $value }} of ${replicas} Alertmanagers: notices may come twice.`,
          },
        ]
      : []),
  ];
}
