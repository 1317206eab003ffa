import type { AlertingRule } from "../../../components/observability/rules.ts";

/** What Prometheus has read: series -> values, one a minute, as promtool writes them ("0x40" is 0 and 40 more of it). */
export type Series = Readonly<Record<string, string>>;

/** What an alert is tried on: it must fire on each of the one, and on none of the other. */
export interface Case {
  readonly fires: readonly Series[];
  readonly silent: readonly Series[];
}

/** Minute at which it is looked at: longer than any alert waits but those of suspended jobs and restarts. */
export const minutes = 80;

const data = 'namespace="dify-data"';
const drills = 'namespace="dify-drills"';
const all = (value: number | string) => `${value}x${minutes + 10}`;
/** Well for most of the time, then not: shorter than the alert waits. */
const lately = (good: number, bad: number) => `${good}x${minutes - 1} ${bad}x9`;

const each = (metric: string, labels: readonly string[], values: readonly (number | string)[]): Series =>
  Object.fromEntries(
    values.map((value, i) => [`${metric}{${labels[i]}}`, typeof value === "number" ? all(value) : value]),
  );
const members = (workload: string, metric: string, ...values: (number | string)[]): Series =>
  each(
    metric,
    values.map((_, i) => `${data}, job="${workload}", pod="${workload}-${i}"`),
    values,
  );
const patroni = (metric: string, ...values: (number | string)[]) => members("postgres", `patroni_${metric}`, ...values);
const etcd = (metric: string, ...values: (number | string)[]) => members("etcd", metric, ...values);
const minio = (metric: string, ...values: (number | string)[]) =>
  members("minio", `minio_cluster_${metric}`, ...values);
const proxies =
  (job: string, proxy: string) =>
  (...values: (number | string)[]): Series =>
    each(
      "haproxy_backend_active_servers",
      values.map((_, i) => `${data}, job="${job}", proxy="${proxy}", pod="${job}-${i}"`),
      values,
    );
const primary = proxies("postgres-haproxy", "primary");
const poolers = proxies("postgres-haproxy", "poolers");
const master = proxies("redis-haproxy", "master");
const servers = proxies("minio-s3", "servers");

/** Nodes of a zone, by whether each is ready. */
const zone = (name: string, ...ready: (number | string)[]): Series => ({
  ...each(
    "kube_node_status_condition",
    ready.map((_, i) => `condition="Ready", status="true", node="${name}-${i}"`),
    ready,
  ),
  ...each(
    "kube_node_labels",
    ready.map((_, i) => `label_topology_kubernetes_io_zone="${name}", node="${name}-${i}"`),
    ready.map(() => 1),
  ),
});

/** The age that an alert about a CronJob allows, out of its own expression; whether it is right: schedules.test.ts. */
const ageOf = ({ expr }: AlertingRule) => Number(/> (\d+)$/.exec(expr)?.[1]);

/** A CronJob by when it last ended well, or else was made. */
const cronJob = (namespace: string, name: string, metric: string, time: number): Series => ({
  [`${metric}{${namespace}, cronjob="${name}"}`]: all(time),
});

/** Instances of a Deployment that are ready. */
const ready = (deployment: string, value: number | string): Series =>
  each("kube_deployment_status_replicas_ready", [`${data}, deployment="${deployment}"`], [value]);
const follower = (value: number | string) => ready("objects-follower", value);

function late(namespace: string): (rule: AlertingRule) => Case {
  return (rule) => {
    const name = rule.labels["cronjob"] ?? "";
    const old = -ageOf(rule);
    const ended = (time: number) => cronJob(namespace, name, "kube_cronjob_status_last_successful_time", time);
    const made = (time: number) => cronJob(namespace, name, "kube_cronjob_created", time);
    return {
      fires: [{ ...ended(old), ...made(old - 1000) }, made(old)],
      silent: [{ ...ended(old + (minutes + 1) * 60), ...made(old - 1000) }, made(old + (minutes + 1) * 60), {}],
    };
  };
}

function missing(namespace: string): (rule: AlertingRule) => Case {
  return ({ labels }) => ({
    fires: [cronJob(namespace, "another", "kube_cronjob_created", 0)],
    // Where nothing is told of any, another alert says so.
    silent: [cronJob(namespace, labels["cronjob"] ?? "", "kube_cronjob_created", 0), {}],
  });
}

/** Runs of a CronJob that ended badly, and when one last ended well. */
function failedRun(namespace: string, name: string): Case {
  const run = (job: string, start: number, failed: 0 | 1): Series => ({
    [`kube_job_status_start_time{${namespace}, job_name="${job}"}`]: all(start),
    [`kube_job_owner{${namespace}, job_name="${job}", owner_kind="CronJob", owner_name="${name}"}`]: all(1),
    [`kube_job_failed{${namespace}, job_name="${job}", condition="true"}`]: all(failed),
  });
  const ended = (time: number): Series => ({
    ...cronJob(namespace, name, "kube_cronjob_status_last_successful_time", time),
    ...cronJob(namespace, name, "kube_cronjob_created", 1),
  });
  const byHand = Object.fromEntries(
    Object.entries(run("by-hand", 200, 1)).filter(([series]) => !series.startsWith("kube_job_owner")),
  );
  return {
    fires: [
      { ...run("a", 200, 1), ...ended(100) },
      { ...run("a", 200, 1), ...cronJob(namespace, name, "kube_cronjob_created", 1) },
    ],
    silent: [
      // A later run ended well; a try of one failed, and not the whole; it is nobody's.
      { ...run("a", 200, 1), ...run("b", 300, 0), ...ended(400) },
      { ...run("a", 200, 0), ...ended(100) },
      { ...byHand, ...ended(100) },
    ],
  };
}

function suspended(namespace: string, name: string, template: string): Case {
  const is = (job: string, value: number | string): Series => ({
    [`kube_cronjob_spec_suspend{${namespace}, cronjob="${job}"}`]: typeof value === "number" ? all(value) : value,
  });
  return { fires: [is(name, 1)], silent: [is(name, 0), is(template, 1), is(name, lately(0, 1))] };
}

/** 3 of 3 replicas, say, of each kind of workload. */
const workload = (kind: string, ready: string, wanted: string, [is, of]: readonly [number, number]): Series => ({
  [`${ready}{${data}, ${kind}="x"}`]: all(is),
  [`${wanted}{${data}, ${kind}="x"}`]: all(of),
});
const deployment = (...counts: [number, number]) =>
  workload("deployment", "kube_deployment_status_replicas_ready", "kube_deployment_spec_replicas", counts);
const statefulSet = (...counts: [number, number]) =>
  workload("statefulset", "kube_statefulset_status_replicas_ready", "kube_statefulset_replicas", counts);
const daemonSet = (...counts: [number, number]) =>
  workload("daemonset", "kube_daemonset_status_number_ready", "kube_daemonset_status_desired_number_scheduled", counts);

const pod = (ready: number | string, owner: string, phase: string): Series => ({
  [`kube_pod_status_ready{${data}, pod="p", condition="true"}`]: typeof ready === "number" ? all(ready) : ready,
  [`kube_pod_owner{${data}, pod="p", owner_kind="${owner}"}`]: all(1),
  [`kube_pod_status_phase{${data}, pod="p", phase="Failed"}`]: all(phase === "Failed" ? 1 : 0),
});

const volume = (available: string): Series => ({
  [`kubelet_volume_stats_available_bytes{${data}, persistentvolumeclaim="v"}`]: available,
  [`kubelet_volume_stats_capacity_bytes{${data}, persistentvolumeclaim="v"}`]: all(1000),
});

const standby = (position: number | string): Series => ({
  ...patroni("xlog_location", 2 ** 32, 0),
  ...patroni("xlog_replayed_location", 0, position),
  ...patroni("replica", 0, 1),
});

const fsync = (under: string): Series => ({
  [`etcd_disk_wal_fsync_duration_seconds_bucket{${data}, job="etcd", pod="etcd-0", le="0.25"}`]: under,
  [`etcd_disk_wal_fsync_duration_seconds_bucket{${data}, job="etcd", pod="etcd-0", le="2"}`]: "0+100x90",
  [`etcd_disk_wal_fsync_duration_seconds_bucket{${data}, job="etcd", pod="etcd-0", le="+Inf"}`]: "0+100x90",
});

/** For every alert by its name. */
export const cases: Readonly<Record<string, (rule: AlertingRule) => Case>> = {
  BackupLate: late(data),
  BackupMissing: missing(data),
  BackupRunFailed: () => failedRun(data, "redis-rdb"),
  BackupSuspended: () => suspended(data, "redis-rdb", "restore-redis"),
  ArchiveCheckFailed: () => failedRun(data, "postgres-check"),
  FilesBehind: () => ({
    fires: [follower(0), follower(`1x${minutes - 10} 0x20`)],
    silent: [follower(1), follower(lately(1, 0)), {}],
  }),
  FilesNotFollowed: () => ({
    fires: [ready("pgbouncer", 2)],
    silent: [follower(0), { ...follower(1), ...ready("pgbouncer", 2) }, {}],
  }),
  VeleroBackupLate: (rule) => {
    const newest = (time: number): Series => ({
      [`velero_backup_last_successful_timestamp{${data}, schedule="${rule.labels["schedule"]}"}`]: all(time),
    });
    return { fires: [newest(-ageOf(rule))], silent: [newest(-ageOf(rule) + (minutes + 1) * 60)] };
  },
  DrillLate: late(drills),
  DrillMissing: missing(drills),
  DrillFailed: () => failedRun(drills, "drill-full"),
  DrillSuspended: () => suspended(drills, "drill-light", "another"),

  PostgresNoLeader: () => ({
    fires: [patroni("primary", 0, 0, 0)],
    silent: [patroni("primary", 0, 1, 0), patroni("primary", lately(1, 1), 0)],
  }),
  PostgresTwoLeaders: () => ({ fires: [patroni("primary", 1, 1, 0)], silent: [patroni("primary", 1, 0, 0)] }),
  PostgresTimelinesDiffer: () => ({
    fires: [patroni("postgres_timeline", 3, 3, 2)],
    // One that does not run says 0.
    silent: [patroni("postgres_timeline", 3, 3, 3), patroni("postgres_timeline", 3, 3, 0)],
  }),
  PostgresMemberDown: () => ({
    fires: [patroni("postgres_running", 1, 1, 0), patroni("postgres_running", 1, 1)],
    silent: [patroni("postgres_running", 1, 1, 1), patroni("postgres_running", 1, 1, `1x${minutes - 4} 0x10`)],
  }),
  PostgresNoSynchronousStandby: () => ({
    fires: [{ ...patroni("sync_standby", 0, 0), ...patroni("quorum_standby", 0, 0) }],
    silent: [
      { ...patroni("sync_standby", 0, 0), ...patroni("quorum_standby", 0, 1) },
      { ...patroni("sync_standby", 0, 1), ...patroni("quorum_standby", 0, 0) },
    ],
  }),
  PostgresNotStreaming: () => ({
    fires: [{ ...patroni("postgres_streaming", 0, 0), ...patroni("replica", 0, 1) }],
    silent: [{ ...patroni("postgres_streaming", 0, 1), ...patroni("replica", 0, 1) }],
  }),
  PostgresReplicationLag: () => ({
    fires: [standby(2 ** 32 - 2 ** 28 - 1)],
    silent: [standby(2 ** 32 - 2 ** 28), standby(`${2 ** 32}x${minutes - 3} 0x10`)],
  }),
  PostgresPaused: () => ({
    fires: [patroni("is_paused", 1, 1)],
    silent: [patroni("is_paused", 0, 0), patroni("is_paused", lately(0, 1))],
  }),
  PostgresRestartPending: () => ({
    fires: [patroni("pending_restart", 0, 1)],
    silent: [patroni("pending_restart", 0, 0), patroni("pending_restart", lately(0, 1))],
  }),
  PostgresCutOffFromEtcd: () => ({
    fires: [patroni("dcs_last_seen", 0)],
    silent: [patroni("dcs_last_seen", "0+60x90")],
  }),
  PostgresFailsafe: () => ({
    fires: [patroni("failsafe_mode_is_active", 1, 0)],
    silent: [patroni("failsafe_mode_is_active", 0, 0)],
  }),
  PostgresUnreachable: () => ({ fires: [primary(0, 0)], silent: [primary(1, 0)] }),
  PostgresUnreachableFromNode: () => ({ fires: [primary(1, 0)], silent: [primary(1, 1)] }),
  PostgresPoolersDown: () => ({ fires: [poolers(0, 0)], silent: [poolers(2, 0)] }),

  EtcdNoLeader: () => ({
    fires: [etcd("etcd_server_has_leader", 0, 0, 0)],
    silent: [etcd("etcd_server_has_leader", 0, 1, 1)],
  }),
  EtcdMemberWithoutLeader: () => ({
    fires: [etcd("etcd_server_has_leader", 0, 1, 1)],
    silent: [etcd("etcd_server_has_leader", 1, 1, 1)],
  }),
  EtcdMemberDown: () => ({ fires: [etcd("up", 1, 1, 0)], silent: [etcd("up", 1, 1, 1)] }),
  EtcdMajorityAtRisk: () => ({ fires: [etcd("up", 1, 0, 0), etcd("up", 0, 0, 0), {}], silent: [etcd("up", 1, 1, 0)] }),
  EtcdNearQuota: () => {
    const size = (bytes: number) => ({
      ...etcd("etcd_mvcc_db_total_size_in_bytes", bytes),
      ...etcd("etcd_server_quota_backend_bytes", 1000),
    });
    return { fires: [size(801)], silent: [size(800)] };
  },
  EtcdDiskSlow: () => ({ fires: [fsync("0+90x90")], silent: [fsync("0+100x90")] }),

  RedisNoMaster: () => ({ fires: [master(0, 0)], silent: [master(1, 0)] }),
  RedisNoMasterFromNode: () => ({ fires: [master(1, 0)], silent: [master(1, 1)] }),
  RedisTwoMasters: () => ({ fires: [master(2, 1)], silent: [master(1, 1)] }),
  SentinelsTooFew: () => {
    const ready = (...values: number[]) =>
      each(
        "kube_pod_container_status_ready",
        values.map((_, i) => `${data}, pod="redis-${i}", container="sentinel"`),
        values,
      );
    return { fires: [ready(1, 0, 0)], silent: [ready(1, 1, 0)] };
  },

  ObjectStoreUnreachable: () => ({ fires: [servers(0, 0)], silent: [servers(6, 0)] }),
  ObjectStoreUnreachableFromNode: () => ({ fires: [servers(6, 0)], silent: [servers(6, 5)] }),
  // A server that is cut off sees the others so.
  ObjectStoreUnhealthy: () => ({ fires: [minio("health_status", 0, 0)], silent: [minio("health_status", 0, 1)] }),
  ObjectStoreServerOffline: () => ({
    fires: [minio("nodes_offline_total", 0, 1)],
    silent: [minio("nodes_offline_total", 0, 0)],
  }),
  ObjectStoreDriveOffline: () => ({
    fires: [minio("drive_offline_total", 1, 1)],
    silent: [minio("drive_offline_total", 0, 0)],
  }),
  ObjectStoreFilling: () => capacity(199, 200),
  ObjectStoreFull: () => capacity(99, 100),

  InstanceNotReady: () => ({
    fires: [pod(0, "ReplicaSet", "Running"), pod(0, "StatefulSet", "Pending")],
    silent: [
      pod(1, "ReplicaSet", "Running"),
      pod(0, "Job", "Running"),
      pod(0, "ReplicaSet", "Failed"),
      pod(`1x${minutes - 4} 0x10`, "ReplicaSet", "Running"),
    ],
  }),
  InstancesNotReady: () => ({
    fires: [deployment(2, 3), statefulSet(2, 3), daemonSet(6, 9), deployment(0, 1)],
    silent: [deployment(7, 10), statefulSet(3, 3), daemonSet(9, 9), deployment(0, 0)],
  }),
  ZoneLost: () => ({
    fires: [{ ...zone("a", 0, 0), ...zone("b", 1, 1) }],
    silent: [
      { ...zone("a", 0, 1), ...zone("b", 1, 1) },
      { ...zone("a", lately(1, 0)), ...zone("b", 1) },
    ],
  }),
  InstanceRestarting: () => {
    const restarts = (values: string) => ({
      [`kube_pod_container_status_restarts_total{${data}, pod="p", container="c"}`]: values,
    });
    return { fires: [restarts("0+1x90")], silent: [restarts(all(40)), restarts(`0x${minutes - 5} 1 2 2x20`)] };
  },
  VolumeFilling: () => ({
    // 25 % are left, and 2 of 1000 go each minute.
    fires: [volume(all(149)), volume("430-2x90")],
    silent: [volume(all(150)), volume(all(400)), volume("980-2x90")],
  }),
  VolumeFull: () => ({ fires: [volume(all(49))], silent: [volume(all(50))] }),

  Watchdog: () => ({ fires: [{}], silent: [] }),
  TargetDown: () => ({
    fires: [etcd("up", 1, 1, 0)],
    silent: [etcd("up", 1, 1, 1), { 'up{namespace="others", job="etcd", pod="x"}': all(0) }],
  }),
  TargetMissing: ({ labels, expr }) => {
    const namespace = /namespace="([^"]+)"/.exec(expr)?.[1];
    const found = (value: number) => ({
      [`up{namespace="${namespace}", job="${labels["workload"]}", pod="x"}`]: all(value),
    });
    return { fires: [{}], silent: [found(1), found(0)] };
  },
  MetricsMissing: ({ labels }) => ({
    fires: [{}],
    silent: [labels["metrics"] === "kubelet" ? volume(all(1)) : pod(0, "ReplicaSet", "Running")],
  }),
  NoticesFailing: () => {
    const failed = (values: number | string) =>
      each("alertmanager_notifications_failed_total", [`${data}, job="alertmanager", integration="webhook"`], [values]);
    return { fires: [failed(`0+1x${minutes + 10}`)], silent: [failed(7)] };
  },
  AlertsNotSent: () => ({
    fires: [
      members("prometheus", "prometheus_notifications_alertmanagers_discovered", 2, 0),
      members("prometheus", "prometheus_notifications_dropped_total", `0+1x${minutes + 10}`),
    ],
    silent: [
      {
        ...members("prometheus", "prometheus_notifications_alertmanagers_discovered", 2, 1),
        ...members("prometheus", "prometheus_notifications_dropped_total", 7),
      },
    ],
  }),
  AlertsNotEvaluated: () => ({
    fires: [members("prometheus", "prometheus_rule_evaluation_failures_total", 0, `0+1x${minutes + 10}`)],
    silent: [members("prometheus", "prometheus_rule_evaluation_failures_total", 0, 7)],
  }),
  AlertmanagersApart: () => ({
    fires: [members("alertmanager", "alertmanager_cluster_members", 2, 1)],
    silent: [members("alertmanager", "alertmanager_cluster_members", 2, 2)],
  }),
};

function capacity(little: number, enough: number): Case {
  const free = (bytes: number) => ({
    ...minio("capacity_usable_free_bytes", bytes, bytes),
    ...minio("capacity_usable_total_bytes", 1000, 1000),
  });
  return { fires: [free(little)], silent: [free(enough)] };
}
