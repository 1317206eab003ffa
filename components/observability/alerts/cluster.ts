import type { Settings } from "../../../config/settings.ts";
import { alertLabels, zoneLostAlert } from "../alertmanager/labels.ts";
import { about, ofInstances, withinAll, type Alert } from "./alert.ts";

const dashboard = "availability";
const instances = { runbook: "instances-not-ready", dashboard } as const;
const volumes = { runbook: "grow-volumes", dashboard, labels: about("volume") } as const;

/** Share of a workload's instances whose loss is critical (O3). */
const criticalShare = 0.3;

/** Pods and volumes of all workloads, by what kube-state-metrics and the kubelets tell. */
export function clusterAlerts(settings: Settings): Alert[] {
  return [zoneLost(), ...instanceAlerts(settings), ...volumeAlerts(settings)];
}

/** Sooner than what it explains, which holds for five minutes: the alerts of all its instances are then no pages of their own. */
function zoneLost(): Alert {
  const zone = "label_topology_kubernetes_io_zone";
  const nodes = `kube_node_status_condition{condition="Ready", status="true"} * on (node) group_left (${zone}) kube_node_labels{${zone}!=""}`;
  return {
    ...{ name: zoneLostAlert, severity: "critical", for: "2m", runbook: "lost-zone", dashboard },
    expr: `label_replace(max by (${zone}) (${nodes}), "${alertLabels.zone}", "$1", "${zone}", "(.+)") == 0`,
    summary: "No node of zone {{ $labels.zone }} is ready: the others carry everything, and the next loss stops it.",
  };
}

function instanceAlerts(settings: Settings): Alert[] {
  const here = withinAll(settings);
  // Pods of Jobs are not ready while they work through their steps, and those that were evicted stay as they failed.
  const lasting = withinAll(settings, 'owner_kind=~"ReplicaSet|StatefulSet|DaemonSet"');
  const failed = withinAll(settings, 'phase="Failed"');
  const notReady = `max by (namespace, pod) (kube_pod_status_ready${withinAll(settings, 'condition="true"')}) == 0`;
  return [
    {
      ...{ name: "InstanceNotReady", severity: "warning", for: "5m", ...instances },
      expr: `${notReady} and on (namespace, pod) kube_pod_owner${lasting} unless on (namespace, pod) kube_pod_status_phase${failed} == 1`,
      summary: "{{ $labels.pod }} in {{ $labels.namespace }} is not ready.",
    },
    {
      ...{ name: "InstancesNotReady", severity: "critical", for: "5m", ...instances, labels: ofInstances },
      expr: [
        missingShare("deployment", "kube_deployment_status_replicas_ready", "kube_deployment_spec_replicas", here),
        missingShare("statefulset", "kube_statefulset_status_replicas_ready", "kube_statefulset_replicas", here),
        missingShare(
          "daemonset",
          "kube_daemonset_status_number_ready",
          "kube_daemonset_status_desired_number_scheduled",
          here,
        ),
      ].join(" or "),
      summary:
        "{{ $value | humanizePercentage }} of the instances of {{ $labels.workload }} in {{ $labels.namespace }} are not ready.",
    },
    {
      ...{ name: "InstanceRestarting", severity: "warning", ...instances },
      expr: `increase(kube_pod_container_status_restarts_total${here}[1h]) > 3`,
      summary:
        "Container {{ $labels.container }} of {{ $labels.pod }} was restarted {{ $value | humanize }} times within an hour.",
    },
  ];
}

/** Share of the instances that are not ready, by workload, where it is above the bar. */
function missingShare(kind: string, ready: string, wanted: string, here: string): string {
  const by = `max by (namespace, ${kind})`;
  return `label_replace((${by} (${wanted}${here}) - ${by} (${ready}${here})) / ${by} (${wanted}${here}), "workload", "$1", "${kind}", "(.+)") > ${criticalShare}`;
}

function volumeAlerts(settings: Settings): Alert[] {
  const here = withinAll(settings);
  const free = `max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes${here} / kubelet_volume_stats_capacity_bytes${here})`;
  const inADay = `max by (namespace, persistentvolumeclaim) (predict_linear(kubelet_volume_stats_available_bytes${here}[6h], 24 * 3600))`;
  return [
    {
      ...{ name: "VolumeFilling", severity: "warning", for: "30m", ...volumes },
      // What is written and cleared again by turns would look like a line down as well: only what has less than half left counts.
      expr: `${free} < 0.15 or ${free} < 0.5 and ${inADay} < 0`,
      summary: "Volume {{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left, and fills.",
    },
    {
      ...{ name: "VolumeFull", severity: "critical", for: "5m", ...volumes },
      expr: `${free} < 0.05`,
      summary:
        "Volume {{ $labels.persistentvolumeclaim }} has only {{ $value | humanizePercentage }} left: what writes to it stops.",
    },
  ];
}
