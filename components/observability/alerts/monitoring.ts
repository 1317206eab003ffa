import type { Settings } from "../../../config/settings.ts";
import { areas } from "../../network/areas.ts";
import { targets } from "../targets.ts";
import { within, withinAll, type Alert } from "./alert.ts";

const common = { runbook: "monitoring-blind", dashboard: "availability" } as const;

/** Who watches the watchmen: what is not told cannot be alerted on. */
export function monitoringAlerts(settings: Settings): Alert[] {
  const table = targets(settings);
  const jobs = table.map(({ workload }) => workload).join("|");
  return [
    {
      ...{ name: "Watchdog", severity: "info", ...common },
      expr: "vector(1)",
      summary: "Always fires. Who receives it must raise the alarm when it stops: then alerts reach nobody.",
    },
    {
      ...{ name: "TargetDown", severity: "warning", for: "5m", ...common },
      expr: `up${withinAll(settings, `job=~"${jobs}"`)} == 0`,
      summary: "{{ $labels.pod }} ({{ $labels.job }}) tells nothing of itself: its metrics cannot be read.",
    },
    ...table.map(({ workload }): Alert => ({
      ...{ name: "TargetMissing", severity: "critical", for: "15m", ...common, labels: { workload } },
      expr: `absent(up${within(settings, areas[workload], `job="${workload}"`)})`,
      summary: `No pod of ${workload} is asked for metrics: the alerts about it are silent.`,
    })),
    {
      ...{
        name: "MetricsMissing",
        severity: "critical",
        for: "15m",
        ...common,
        labels: { metrics: "kube-state-metrics" },
      },
      expr: `absent(kube_pod_status_ready${withinAll(settings)})`,
      summary: "kube-state-metrics tells nothing of this stack: alerts about backups, drills and instances are silent.",
    },
    {
      ...{ name: "MetricsMissing", severity: "critical", for: "15m", ...common, labels: { metrics: "kubelet" } },
      expr: `absent(kubelet_volume_stats_available_bytes${withinAll(settings)})`,
      summary: "The kubelets tell nothing of this stack's volumes: that one fills up is seen by nobody.",
    },
  ];
}
