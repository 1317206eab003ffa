import type { Settings } from "../../config/settings.ts";
import { difyPorts } from "../dify/addresses.ts";
import type { WorkloadName } from "../network/areas.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { certificateNames, names, ports } from "../postgres/layout.ts";
import { proxyStatusPort } from "../workload/haproxy.ts";
import { serviceHost } from "../workload/service.ts";
import { bundledTargets } from "./bundled/targets.ts";
import { pushgateway } from "./figures.ts";

/** Pods that tell how they are. Each pod of the workload is asked by its own address. */
export interface Target {
  readonly workload: WorkloadName;
  /** Name of the container's port, and its number. */
  readonly port: string;
  readonly number: number;
  readonly path: string;
  /** Name in the servers' certificate, signed by the stack's authority; plain HTTP when left out. */
  readonly serverName?: string;
  /** It tells figures of others, with their labels, which must stay. */
  readonly honorLabels?: true;
}

export type TargetSettings = Pick<
  Settings,
  "cluster" | "postgres" | "redis" | "objectStore" | "backup" | "observability"
>;

const metrics = "/metrics";

const pushgatewayTarget: Target = {
  ...{ workload: pushgateway.name, port: "http", number: pushgateway.port, path: metrics },
  honorLabels: true,
};

/** Everything that is scraped under the given settings. The flows of Prometheus come from this table too. */
export function targets(settings: TargetSettings): readonly Target[] {
  const { cluster, postgres, redis, objectStore, backup, observability } = settings;
  const proxy = { port: "status", number: proxyStatusPort, path: metrics } as const;
  return [
    // With the slash at the end, as its router has it.
    { workload: "plugin-daemon", port: "http", number: difyPorts.pluginDaemon, path: "/metrics/" },
    ...(postgres.backend === "patroni" ? postgresTargets(cluster) : []),
    ...(redis.backend === "sentinel" ? [{ workload: "redis-haproxy", ...proxy } as const] : []),
    ...(objectStore.backend === "minio" ? [{ workload: "minio-s3", ...proxy } as const] : []),
    ...(objectStore.backend === "minio" && objectStore.openMetrics ? [minioTarget(cluster)] : []),
    ...(backup.velero.enabled ? [{ workload: "velero", port: "metrics", number: 8085, path: metrics } as const] : []),
    ...(observability.backend === "bundled" ? bundledTargets : []),
    ...(observability.backend === "none" ? [] : [pushgatewayTarget]),
  ];
}

function postgresTargets(cluster: TargetSettings["cluster"]): Target[] {
  const [serverName = ""] = certificateNames("members", cluster);
  return [
    { workload: "postgres-haproxy", port: "health", number: ports.proxy.health, path: metrics },
    { workload: names.members, port: "patroni", number: ports.member.patroni, path: metrics, serverName },
    { workload: names.etcd, port: "metrics", number: ports.etcd.metrics, path: metrics },
  ];
}

/** Each server answers for all of them. */
function minioTarget(cluster: TargetSettings["cluster"]): Target {
  const serverName = serviceHost("minio-s3", namespaceNames(cluster).data);
  return { workload: "minio", port: "https", number: 9000, path: "/minio/v2/metrics/cluster", serverName };
}
