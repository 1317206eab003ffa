import type { Settings } from "../../../config/settings.ts";
import { ofInstances, within, type Alert } from "./alert.ts";

const common = { runbook: "etcd-members", dashboard: "availability" } as const;

/** Seconds for a write to reach the disk, above which a leader misses its own beats. */
const slowDisk = 0.5;

/** Patroni's etcd, by its own metrics. Without it no leader of Postgres can be chosen. */
export function etcdAlerts(settings: Settings): Alert[] {
  const { postgres } = settings;
  if (postgres.backend !== "patroni") return [];
  const here = within(settings, "data", 'job="etcd"');
  const count = postgres.etcd.members;
  const up = `count by (namespace) (up${here} == 1)`;
  return [
    {
      ...{ name: "EtcdNoLeader", severity: "critical", for: "1m", ...common },
      expr: `max by (namespace) (etcd_server_has_leader${here}) == 0`,
      summary: "etcd has no leader: a leader of Postgres that dies is not replaced.",
    },
    {
      ...{ name: "EtcdMemberWithoutLeader", severity: "warning", for: "5m", ...common },
      expr: `etcd_server_has_leader${here} == 0`,
      summary: "{{ $labels.pod }} sees no leader of etcd: it is cut off from the others.",
    },
    {
      ...{ name: "EtcdMemberDown", severity: "warning", for: "5m", ...common, labels: ofInstances },
      expr: `${up} < ${count}`,
      summary: `Only {{ $value }} of ${count} members of etcd answer.`,
    },
    {
      ...{ name: "EtcdMajorityAtRisk", severity: "critical", for: "1m", ...common },
      expr: `${up} < ${Math.floor(count / 2) + 1} or absent(up${here} == 1)`,
      summary: `Fewer than ${Math.floor(count / 2) + 1} of ${count} members of etcd answer: there is no majority, and nobody can be elected leader of Postgres.`,
    },
    {
      ...{ name: "EtcdNearQuota", severity: "warning", for: "10m", ...common },
      expr: `etcd_mvcc_db_total_size_in_bytes${here} / etcd_server_quota_backend_bytes${here} > 0.8`,
      summary:
        "The database of {{ $labels.pod }} takes {{ $value | humanizePercentage }} of its quota: when it is full, etcd accepts no writes.",
    },
    {
      ...{ name: "EtcdDiskSlow", severity: "warning", for: "10m", ...common },
      expr: `histogram_quantile(0.99, sum by (namespace, pod, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket${here}[5m]))) > ${slowDisk}`,
      summary:
        "{{ $labels.pod }} needs {{ $value | humanizeDuration }} to write to its disk: leaders are lost by that.",
    },
  ];
}
