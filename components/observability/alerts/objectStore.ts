import type { Settings } from "../../../config/settings.ts";
import { about, ofInstances, within, type Alert } from "./alert.ts";

const common = { runbook: "object-store-degraded", dashboard: "availability" } as const;
const filling = { ...common, runbook: "grow-volumes", labels: about("object-store") } as const;

/** MinIO by its own metrics (version 2, of the whole cluster from each server), and the proxies before it. */
export function objectStoreAlerts(settings: Settings): Alert[] {
  const { objectStore } = settings;
  if (objectStore.backend !== "minio") return [];
  const servers = `haproxy_backend_active_servers${within(settings, "data", 'job="minio-s3", proxy="servers"')}`;
  return [
    {
      ...{ name: "ObjectStoreUnreachable", severity: "critical", for: "1m", ...common },
      expr: `max by (namespace) (${servers}) == 0`,
      summary: "No proxy finds a server of the object store that answers: files and backups are out of reach.",
    },
    {
      ...{ name: "ObjectStoreUnreachableFromNode", severity: "warning", for: "5m", ...common },
      expr: `${servers} == 0`,
      summary: "The proxy {{ $labels.pod }} finds no server of the object store: clients on its node get no files.",
    },
    ...(objectStore.openMetrics ? serverAlerts(settings) : []),
  ];
}

function serverAlerts(settings: Settings): Alert[] {
  const of = (metric: string) => `minio_cluster_${metric}${within(settings, "data", 'job="minio"')}`;
  const free = `min by (namespace) (${of("capacity_usable_free_bytes")} / ${of("capacity_usable_total_bytes")})`;
  return [
    {
      ...{ name: "ObjectStoreUnhealthy", severity: "critical", for: "1m", ...common },
      expr: `max by (namespace) (${of("health_status")}) == 0`,
      summary: "The object store lacks the drives for a majority: it accepts no writes, backups fail.",
    },
    {
      ...{ name: "ObjectStoreServerOffline", severity: "warning", for: "5m", ...common, labels: ofInstances },
      expr: `max by (namespace) (${of("nodes_offline_total")}) > 0`,
      summary: "{{ $value }} servers of the object store are away.",
    },
    {
      ...{ name: "ObjectStoreDriveOffline", severity: "warning", for: "5m", ...common },
      expr: `max by (namespace) (${of("drive_offline_total")}) > 0`,
      summary: "{{ $value }} drives of the object store are away: what they held is rebuilt when they are back.",
    },
    {
      ...{ name: "ObjectStoreFilling", severity: "warning", for: "15m", ...filling },
      expr: `${free} < 0.2`,
      summary:
        "Only {{ $value | humanizePercentage }} of the object store is free. Backups are locked: nobody can make room by deleting them.",
    },
    {
      ...{ name: "ObjectStoreFull", severity: "critical", for: "5m", ...filling },
      expr: `${free} < 0.1`,
      summary:
        "Only {{ $value | humanizePercentage }} of the object store is free: soon neither files nor backups are accepted.",
    },
  ];
}
