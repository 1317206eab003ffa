import type { Settings } from "../../../config/settings.ts";
import type { AlertGroup } from "./alert.ts";
import { backupAlerts } from "./backups.ts";
import { bundledAlerts } from "./bundled.ts";
import { clusterAlerts } from "./cluster.ts";
import { drillAlerts } from "./drills.ts";
import { etcdAlerts } from "./etcd.ts";
import { monitoringAlerts } from "./monitoring.ts";
import { objectStoreAlerts } from "./objectStore.ts";
import { postgresAlerts } from "./postgres.ts";
import { redisAlerts } from "./redis.ts";

/** Every alert under the given settings: each only of what the stack has. */
export function alertGroups(settings: Settings): AlertGroup[] {
  const groups: AlertGroup[] = [
    { name: "backups", alerts: backupAlerts(settings) },
    { name: "drills", alerts: drillAlerts(settings) },
    { name: "postgres", alerts: postgresAlerts(settings) },
    { name: "etcd", alerts: etcdAlerts(settings) },
    { name: "redis", alerts: redisAlerts(settings) },
    { name: "object-store", alerts: objectStoreAlerts(settings) },
    { name: "cluster", alerts: clusterAlerts(settings) },
    { name: "monitoring", alerts: [...monitoringAlerts(settings), ...bundledAlerts(settings)] },
  ];
  return groups.filter(({ alerts }) => alerts.length > 0);
}
