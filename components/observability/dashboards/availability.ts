import type { Settings } from "../../../config/settings.ts";
import { within, withinAll } from "../alerts/alert.ts";
import type { Dashboard, Panel, Row } from "./dashboard.ts";

/** Who leads, who follows, and what is left if one more goes. */
export function availability(settings: Settings): Dashboard {
  return {
    name: "availability",
    title: "Dify: availability",
    rows: [
      instances(settings),
      ...(settings.postgres.backend === "patroni" ? [postgres(settings), etcd(settings)] : []),
      ...(settings.redis.backend === "sentinel" ? [redis(settings, settings.redis.members)] : []),
      ...(settings.objectStore.backend === "minio" ? [objectStore(settings)] : []),
    ],
  };
}

function instances(settings: Settings): Row {
  const here = withinAll(settings);
  const missing = (kind: string, ready: string, wanted: string) => ({
    expr: `max by (${kind}) (${wanted}${here}) - max by (${kind}) (${ready}${here}) > 0`,
    legend: `{{${kind}}}`,
  });
  return {
    title: "Nodes and instances",
    panels: [
      {
        shows: "figures",
        title: "Nodes that are ready",
        description: "All of the cluster. Each zone needs one at least.",
        unit: "short",
        queries: [
          { expr: 'sum(kube_node_status_condition{condition="Ready", status="true"})', legend: "ready" },
          { expr: 'count(kube_node_status_condition{condition="Ready", status="true"})', legend: "of" },
        ],
      },
      {
        shows: "graph",
        title: "Instances that are missing",
        description: "By workload. Nothing is drawn while all are there.",
        unit: "short",
        queries: [
          missing("deployment", "kube_deployment_status_replicas_ready", "kube_deployment_spec_replicas"),
          missing("statefulset", "kube_statefulset_status_replicas_ready", "kube_statefulset_replicas"),
          missing("daemonset", "kube_daemonset_status_number_ready", "kube_daemonset_status_desired_number_scheduled"),
        ],
      },
      {
        shows: "graph",
        title: "Restarts",
        description: "Of containers, within the last hour.",
        unit: "short",
        queries: [
          {
            expr: `sum by (pod, container) (increase(kube_pod_container_status_restarts_total${here}[1h])) > 0`,
            legend: "{{pod}} {{container}}",
          },
        ],
      },
    ],
  };
}

function postgres(settings: Settings): Row {
  const here = within(settings, "data");
  const sessions = `haproxy_backend_current_sessions${within(settings, "data", 'job="postgres-haproxy"')}`;
  const panels: Panel[] = [
    {
      shows: "graph",
      title: "Who leads",
      description: "1 is the leader. One at a time; a change of colour is a failover.",
      unit: "short",
      queries: [{ expr: `max by (pod) (patroni_primary${here})`, legend: "{{pod}}" }],
    },
    {
      shows: "figures",
      title: "Synchronous standbys",
      description: "Standbys that may take over without a loss. Without one, writes wait.",
      unit: "short",
      queries: [{ expr: `sum(patroni_sync_standby${here} + patroni_quorum_standby${here})`, legend: "standbys" }],
      limits: { worse: "below", warning: 2, critical: 1 },
    },
    {
      shows: "graph",
      title: "Log behind the leader",
      description: "What each standby has still to replay. A failover waits for it.",
      unit: "bytes",
      queries: [
        {
          expr: `max by (namespace) (patroni_xlog_location${here}) - on (namespace) group_right () (patroni_xlog_replayed_location${here} and on (namespace, pod) patroni_replica${here} == 1)`,
          legend: "{{pod}}",
        },
      ],
      limits: { warning: 64 * 2 ** 20, critical: 256 * 2 ** 20 },
    },
    {
      shows: "graph",
      title: "Timeline",
      description: "One line: all follow the same leader. Each promotion is a step.",
      unit: "short",
      queries: [{ expr: `patroni_postgres_timeline${here}`, legend: "{{pod}}" }],
    },
    {
      shows: "graph",
      title: "Connections through the proxies",
      description: "All nodes together, by what they lead to.",
      unit: "short",
      queries: [{ expr: `sum by (proxy) (${sessions})`, legend: "{{proxy}}" }],
    },
    {
      shows: "figures",
      title: "Patroni is paused",
      description: "1: nobody takes over.",
      unit: "short",
      queries: [{ expr: `max(patroni_is_paused${here})`, legend: "paused" }],
      limits: { warning: 1, critical: 1 },
    },
  ];
  return { title: "Postgres", panels };
}

function etcd(settings: Settings): Row {
  const here = within(settings, "data", 'job="etcd"');
  return {
    title: "etcd of Patroni",
    panels: [
      {
        shows: "graph",
        title: "Members that see a leader",
        description: "All of them. Without a majority no leader of Postgres can be chosen.",
        unit: "short",
        queries: [{ expr: `sum(etcd_server_has_leader${here})`, legend: "members" }],
      },
      {
        shows: "graph",
        title: "Time to write to the disk",
        description: "99 of 100 writes are quicker. Above half a second leaders are lost by it.",
        unit: "s",
        queries: [
          {
            expr: `histogram_quantile(0.99, sum by (pod, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket${here}[5m])))`,
            legend: "{{pod}}",
          },
        ],
        limits: { warning: 0.1, critical: 0.5 },
      },
      {
        shows: "bars",
        title: "Quota in use",
        description: "When it is full, etcd accepts no writes.",
        unit: "percentunit",
        queries: [
          {
            expr: `etcd_mvcc_db_total_size_in_bytes${here} / etcd_server_quota_backend_bytes${here}`,
            legend: "{{pod}}",
          },
        ],
        limits: { warning: 0.5, critical: 0.8 },
      },
    ],
  };
}

function redis(settings: Settings, members: number): Row {
  const proxies = within(settings, "data", 'job="redis-haproxy", proxy="master"');
  return {
    title: "Redis",
    panels: [
      {
        shows: "graph",
        title: "Masters that the proxies see",
        description: "One. None: writes wait for a failover.",
        unit: "short",
        queries: [{ expr: `max(haproxy_backend_active_servers${proxies})`, legend: "masters" }],
      },
      {
        shows: "graph",
        title: "Connections through the proxies",
        description: "All nodes together.",
        unit: "short",
        queries: [{ expr: `sum(haproxy_backend_current_sessions${proxies})`, legend: "connections" }],
      },
      {
        shows: "figures",
        title: "Sentinels that are well",
        description: "A majority must agree before a master is replaced.",
        unit: "short",
        queries: [
          {
            expr: `sum(kube_pod_container_status_ready${within(settings, "data", 'container="sentinel"')})`,
            legend: "Sentinels",
          },
        ],
        limits: { worse: "below", warning: members, critical: Math.floor(members / 2) + 1 },
      },
    ],
  };
}

function objectStore(settings: Settings): Row {
  const minio = within(settings, "data", 'job="minio"');
  const servers = within(settings, "data", 'job="minio-s3", proxy="servers"');
  return {
    title: "Object store",
    panels: [
      {
        shows: "graph",
        title: "Servers and drives that are away",
        description: "Nothing is lost while a majority of the drives of each set is there.",
        unit: "short",
        queries: [
          { expr: `max(minio_cluster_nodes_offline_total${minio})`, legend: "servers" },
          { expr: `max(minio_cluster_drive_offline_total${minio})`, legend: "drives" },
        ],
        limits: { warning: 1, critical: 2 },
      },
      {
        shows: "graph",
        title: "Servers that the proxies see",
        description: "The fewest that a proxy of a node finds.",
        unit: "short",
        queries: [{ expr: `min(haproxy_backend_active_servers${servers})`, legend: "servers" }],
      },
      {
        shows: "graph",
        title: "Connections through the proxies",
        description: "All nodes together.",
        unit: "short",
        queries: [{ expr: `sum(haproxy_backend_current_sessions${servers})`, legend: "connections" }],
      },
    ],
  };
}
