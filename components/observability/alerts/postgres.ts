import type { Settings } from "../../../config/settings.ts";
import { ofInstances, within, type Alert } from "./alert.ts";

type PatroniSettings = Extract<Settings["postgres"], { readonly backend: "patroni" }>;

const dashboard = "availability";
const members = { runbook: "postgres-members", dashboard } as const;
const leader = { runbook: "switch-over", dashboard } as const;

/** A standby this far behind would be copied anew rather than wait for: a segment of log is 16 MiB. */
const lagBytes = 256 * 2 ** 20;

/** Postgres by what Patroni tells at /metrics (4.0, patroni/api.py), and the proxies that lead to it. */
export function postgresAlerts(settings: Settings): Alert[] {
  const { postgres } = settings;
  if (postgres.backend !== "patroni") return [];
  return [
    ...leaderAlerts(settings),
    ...memberAlerts(settings, postgres),
    ...storeAlerts(settings),
    ...proxyAlerts(settings),
  ];
}

function leaderAlerts(settings: Settings): Alert[] {
  const here = within(settings, "data");
  return [
    {
      ...{ name: "PostgresNoLeader", severity: "critical", for: "1m", ...leader },
      expr: `sum by (namespace) (patroni_primary${here}) == 0`,
      summary: "Postgres has no leader: nothing can be written, and Dify does not work.",
    },
    {
      ...{ name: "PostgresTwoLeaders", severity: "critical", for: "1m", ...members },
      expr: `sum by (namespace) (patroni_primary${here}) > 1`,
      summary: "{{ $value }} members of Postgres say that they lead: what is written to the wrong one is lost.",
    },
    {
      ...{ name: "PostgresTimelinesDiffer", severity: "critical", for: "15m", ...members },
      expr: `max by (namespace) (patroni_postgres_timeline${here} > 0) != min by (namespace) (patroni_postgres_timeline${here} > 0)`,
      summary: "Members of Postgres are on different timelines: one does not follow the leader and cannot take over.",
    },
  ];
}

function memberAlerts(settings: Settings, { members: count, synchronous }: PatroniSettings): Alert[] {
  const here = within(settings, "data");
  const replica = `on (namespace, pod) patroni_replica${here} == 1`;
  return [
    {
      ...{ name: "PostgresMemberDown", severity: "warning", for: "5m", ...members, labels: ofInstances },
      expr: `sum by (namespace) (patroni_postgres_running${here}) < ${count}`,
      summary: `Only {{ $value }} of ${count} members of Postgres run.`,
    },
    ...(synchronous === "off"
      ? []
      : [
          {
            ...({ name: "PostgresNoSynchronousStandby", severity: "critical", for: "2m", ...members } as const),
            expr: `sum by (namespace) (patroni_sync_standby${here} + patroni_quorum_standby${here}) == 0`,
            summary: "No standby of Postgres is synchronous: writes wait, or the loss of the leader loses them.",
          },
        ]),
    {
      ...{ name: "PostgresNotStreaming", severity: "warning", for: "5m", ...members },
      expr: `patroni_postgres_streaming${here} == 0 and ${replica}`,
      summary: "Standby {{ $labels.pod }} does not receive the log from the leader.",
    },
    {
      ...{ name: "PostgresReplicationLag", severity: "warning", for: "5m", ...members },
      expr: `(max by (namespace) (patroni_xlog_location${here}) - on (namespace) group_right () (patroni_xlog_replayed_location${here} and ${replica})) > ${lagBytes}`,
      summary:
        "Standby {{ $labels.pod }} is {{ $value | humanize1024 }}B of log behind: a failover to it takes longer.",
    },
    {
      ...{ name: "PostgresPaused", severity: "warning", for: "30m", ...members },
      expr: `max by (namespace) (patroni_is_paused${here}) == 1`,
      summary: "Patroni is paused: a leader that dies is not replaced.",
    },
    {
      ...{ name: "PostgresRestartPending", severity: "info", for: "1h", ...members },
      expr: `patroni_pending_restart${here} == 1`,
      summary: "{{ $labels.pod }} has settings that only a restart of Postgres puts into effect.",
    },
  ];
}

function storeAlerts(settings: Settings): Alert[] {
  const here = within(settings, "data");
  return [
    {
      ...{ name: "PostgresCutOffFromEtcd", severity: "warning", for: "1m", runbook: "etcd-members", dashboard },
      // The time is 0 where etcd was never reached.
      expr: `time() - patroni_dcs_last_seen${here} > 60`,
      summary:
        "{{ $labels.pod }} has not reached etcd for {{ $value | humanizeDuration }}: it can neither lead nor take over.",
    },
    {
      ...{ name: "PostgresFailsafe", severity: "critical", for: "1m", runbook: "etcd-members", dashboard },
      expr: `max by (namespace) (patroni_failsafe_mode_is_active${here}) == 1`,
      summary: "etcd is away and the leader goes on only because all members answer: the next fault stops writes.",
    },
  ];
}

function proxyAlerts(settings: Settings): Alert[] {
  const servers = (proxy: string) =>
    `haproxy_backend_active_servers${within(settings, "data", `job="postgres-haproxy", proxy="${proxy}"`)}`;
  return [
    {
      ...{ name: "PostgresUnreachable", severity: "critical", for: "1m", ...leader },
      expr: `max by (namespace) (${servers("primary")}) == 0`,
      summary: "No proxy finds a primary of Postgres: nothing can be written, and Dify does not work.",
    },
    {
      ...{ name: "PostgresUnreachableFromNode", severity: "warning", for: "5m", ...leader },
      expr: `${servers("primary")} == 0`,
      summary: "The proxy {{ $labels.pod }} finds no primary of Postgres: clients on its node cannot write.",
    },
    {
      ...{ name: "PostgresPoolersDown", severity: "critical", for: "1m", runbook: "instances-not-ready", dashboard },
      expr: `max by (namespace) (${servers("poolers")}) == 0`,
      summary: "No proxy finds a pooler (PgBouncer) that answers: Dify has no database.",
    },
  ];
}
