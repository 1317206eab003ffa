import type { Settings } from "../../../config/settings.ts";
import { within, type Alert } from "./alert.ts";

const common = { runbook: "switch-over", dashboard: "availability" } as const;

/**
 * Redis by what its proxies see: a server counts for them only while it is master and would accept a write. Redis and Sentinel themselves are asked by
 * nobody yet; whether their pods are ready tells the rest.
 */
export function redisAlerts(settings: Settings): Alert[] {
  const { redis } = settings;
  if (redis.backend !== "sentinel") return [];
  const masters = `haproxy_backend_active_servers${within(settings, "data", 'job="redis-haproxy", proxy="master"')}`;
  const sentinels = `kube_pod_container_status_ready${within(settings, "data", 'container="sentinel"')}`;
  const majority = Math.floor(redis.members / 2) + 1;
  return [
    {
      ...{ name: "RedisNoMaster", severity: "critical", for: "1m", ...common },
      expr: `max by (namespace) (${masters}) == 0`,
      summary: "No server of Redis accepts writes: tasks are not taken, and Dify does not work.",
    },
    {
      ...{ name: "RedisNoMasterFromNode", severity: "warning", for: "5m", ...common },
      expr: `${masters} == 0`,
      summary: "The proxy {{ $labels.pod }} finds no master of Redis: clients on its node wait.",
    },
    {
      ...{ name: "RedisTwoMasters", severity: "critical", for: "2m", ...common },
      expr: `max by (namespace) (${masters}) > 1`,
      summary: "{{ $value }} servers of Redis accept writes: what is written to the wrong one is lost.",
    },
    {
      ...{
        name: "SentinelsTooFew",
        severity: "critical",
        for: "2m",
        runbook: "instances-not-ready",
        dashboard: "availability",
      },
      expr: `sum by (namespace) (${sentinels}) < ${majority}`,
      summary: `Only {{ $value }} of ${redis.members} Sentinels are well, and ${majority} must agree: a master of Redis that dies is not replaced.`,
    },
  ];
}
