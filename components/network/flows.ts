import type { Settings } from "../../config/settings.ts";
import { bundledFlows } from "../observability/bundled/flows.ts";
import { pushgateway } from "../observability/figures.ts";
import { targets } from "../observability/targets.ts";
import { robotsOf } from "../../config/notices.ts";
import { weaviatePeerPorts } from "../vectorStore/weaviate.ts";
import type { Area } from "./namespaces.ts";

/** Every workload there can be, and the area whose namespace it runs in. */
export const areas = {
  gateway: "app",
  api: "app",
  websocket: "app",
  worker: "app",
  beat: "app",
  web: "app",
  "plugin-daemon": "app",
  "agent-backend": "app",
  migration: "app",
  etcd: "data",
  postgres: "data",
  "postgres-haproxy": "data",
  pgbouncer: "data",
  "postgres-bootstrap": "data",
  "replication-check": "data",
  "postgres-backup": "data",
  "etcd-backup": "data",
  "cluster-etcd-backup": "data",
  "volume-snapshots": "data",
  "volume-copies": "data",
  "volume-copy": "data",
  "redis-backup": "data",
  "objects-backup": "data",
  "objects-follower": "data",
  "coordinated-backup": "data",
  "secrets-bundle": "data",
  "vector-backup": "data",
  "edge-backup": "data",
  restore: "data",
  edges: "data",
  velero: "data",
  "velero-kinds": "data",
  redis: "data",
  "redis-haproxy": "data",
  minio: "data",
  "minio-s3": "data",
  "object-store-bootstrap": "data",
  weaviate: "data",
  qdrant: "data",
  sandbox: "sandbox",
  "ssrf-proxy": "sandbox",
  "agent-sandbox": "sandbox",
  "notice-forwarder": "data",
  prometheus: "data",
  alertmanager: "data",
  "kube-state-metrics": "data",
  grafana: "data",
  pushgateway: "data",
  drills: "drills",
} as const satisfies Record<string, Area>;

export type WorkloadName = keyof typeof areas;

/** Who is no workload of ours. */
export type Outsider =
  /** Whoever reaches the load balancer. */
  | "users"
  /** Public addresses. */
  | "internet"
  /** Any address: servers that the settings name, which may be private. */
  | "anywhere"
  /** Prometheus, in the namespace that the settings name. */
  | "monitoring"
  /** The control plane of the mesh. */
  | "mesh";

/** Connections that may be opened, and what for. Everything else is refused. */
export interface Flow {
  readonly from: WorkloadName | Outsider;
  readonly to: WorkloadName | Outsider;
  /** TCP. */
  readonly ports: readonly number[];
  readonly udp?: readonly number[];
  readonly why: string;
}

/** Namespace of Istio's control plane, and the port at which proxies ask it for certificates and configuration. */
export const meshControl = { namespace: "istio-system", port: 15012 } as const;

/** Settings that decide who talks to whom. */
export type FlowSettings = Pick<
  Settings,
  | "cluster"
  | "network"
  | "postgres"
  | "redis"
  | "objectStore"
  | "offsite"
  | "backup"
  | "drills"
  | "notices"
  | "observability"
  | "vectorStore"
  | "dify"
>;

const https = [80, 443] as const;

/** The table of flows under the given settings: each line becomes an egress rule at its source and an ingress rule at its target. */
export function flows(settings: FlowSettings): readonly Flow[] {
  return [
    ...userFlows(),
    ...backendFlows(settings),
    ...pluginFlows(settings),
    ...codeFlows(settings),
    ...(settings.dify.agent.enabled ? agentFlows() : []),
    ...postgresFlows(settings),
    ...redisFlows(settings),
    ...objectStoreFlows(settings),
    ...offsiteFlows(settings),
    ...clusterFlows(settings),
    ...(hasDrills(settings) ? drillFlows(settings) : []),
    ...vectorStoreFlows(settings),
    ...(settings.backup.velero.enabled ? veleroFlows(settings) : []),
    ...monitoringFlows(settings),
    ...(robotsOf(settings.notices).length > 0 ? noticeFlows(settings) : []),
    ...(settings.observability.backend === "none" ? [] : figureFlows(settings)),
    ...(settings.network.mesh === "istio" ? meshFlows(settings) : []),
  ];
}

function each(from: readonly Flow["from"][], to: Flow["to"], ports: readonly number[], why: string): Flow[] {
  return from.map((source) => ({ from: source, to, ports, why }));
}

const backend = ["api", "websocket", "worker", "beat", "migration"] as const;

function userFlows(): Flow[] {
  return [
    { from: "users", to: "gateway", ports: [8080, 8443], why: "the one way in" },
    { from: "gateway", to: "api", ports: [5001], why: "console, service API, files" },
    { from: "gateway", to: "websocket", ports: [5001], why: "collaboration" },
    { from: "gateway", to: "web", ports: [3000], why: "pages" },
    { from: "gateway", to: "plugin-daemon", ports: [5002], why: "endpoints of plugins, /e/" },
    { from: "web", to: "api", ports: [5001], why: "pages rendered on the server" },
  ];
}

function backendFlows({ network }: FlowSettings): Flow[] {
  const callers = ["api", "worker"] as const;
  return [
    ...each(callers, "internet", https, "marketplace, OAuth, imports from other services"),
    ...(network.egress.ports.length > 0
      ? each(callers, "anywhere", network.egress.ports, "mail and whatever else the settings name")
      : []),
  ];
}

function pluginFlows({ dify: { pluginDaemon } }: FlowSettings): Flow[] {
  const index = pluginDaemon.packageIndex ? new URL(pluginDaemon.packageIndex) : undefined;
  const indexPort = Number(index?.port) || (index?.protocol === "http:" ? 80 : 443);
  return [
    ...each(["api", "worker", "beat", "websocket"], "plugin-daemon", [5002], "models and tools are plugins"),
    {
      from: "plugin-daemon",
      to: "plugin-daemon",
      ports: [5002],
      why: "a call reaches the daemon that runs the plugin",
    },
    { from: "plugin-daemon", to: "api", ports: [5001], why: "plugins call back, and fetch files" },
    ...each(["api", "worker"], "api", [5001], "files by their internal address"),
    { from: "plugin-daemon", to: "internet", ports: https, why: "model providers, packages of plugins" },
    ...(index ? each(["plugin-daemon"], "anywhere", [indexPort], "the index of packages that the settings name") : []),
  ];
}

function codeFlows({ dify: { ssrfProxy } }: FlowSettings): Flow[] {
  const exceptions = ssrfProxy.allowAddresses.length + ssrfProxy.allowDomains.length > 0;
  return [
    ...each(["api", "worker"], "sandbox", [8194], "code of users runs there"),
    ...each(["api", "worker"], "ssrf-proxy", [3128], "requests to addresses that users choose"),
    { from: "sandbox", to: "ssrf-proxy", ports: [3128], why: "the only way out of the sandbox" },
    { from: "ssrf-proxy", to: "internet", ports: https, why: "public addresses only" },
    ...(exceptions ? each(["ssrf-proxy"], "anywhere", https, "private addresses that its own rules let through") : []),
  ];
}

function agentFlows(): Flow[] {
  return [
    ...each(["api", "worker"], "agent-backend", [5050], "runs of agents"),
    { from: "agent-backend", to: "api", ports: [5001], why: "calls back into Dify" },
    { from: "agent-backend", to: "plugin-daemon", ports: [5002], why: "models" },
    { from: "agent-backend", to: "agent-sandbox", ports: [5004], why: "an agent's shell" },
    { from: "ssrf-proxy", to: "agent-backend", ports: [5050], why: "tools offered to the shell: /agent-stub/ alone" },
    { from: "ssrf-proxy", to: "api", ports: [5001], why: "files for the shell: /files/ alone" },
    { from: "agent-sandbox", to: "ssrf-proxy", ports: [3128], why: "the only way out of the sandbox" },
  ];
}

function postgresFlows({ postgres, network }: FlowSettings): Flow[] {
  const clients = [...backend, "plugin-daemon"] as const;
  if (postgres.backend === "external") return each(clients, "anywhere", [postgres.port], "external PostgreSQL");
  return [
    ...each(clients, "postgres-haproxy", [6432], "databases dify and dify_plugin"),
    { from: "postgres-haproxy", to: "pgbouncer", ports: [6432], why: "poolers that answer" },
    { from: "pgbouncer", to: "postgres-haproxy", ports: [5000], why: "the primary" },
    { from: "postgres-haproxy", to: "postgres", ports: [5432, 8008], why: "queries, and who is primary" },
    {
      from: "postgres",
      to: "postgres",
      ports: [5432, 8008, 8432],
      why: "streaming, Patroni's peers, backup from a standby",
    },
    { from: "postgres", to: "etcd", ports: [2379], why: "the leader lock" },
    { from: "etcd", to: "etcd", ports: [2379, 2380], why: "consensus" },
    { from: "postgres-bootstrap", to: "postgres-haproxy", ports: [5000], why: "roles and databases" },
    { from: "postgres-bootstrap", to: "postgres", ports: [8008, 8432], why: "members' configuration, their archive" },
    { from: "replication-check", to: "postgres-haproxy", ports: [5000], why: "is a standby synchronous?" },
    { from: "postgres-backup", to: "postgres", ports: [8432], why: "base backups" },
    { from: "postgres-backup", to: "postgres-haproxy", ports: [5000], why: "dumps" },
    { from: "etcd-backup", to: "etcd", ports: [2379], why: "snapshots" },
    { from: "coordinated-backup", to: "pgbouncer", ports: [6432], why: "writers are held back" },
    { from: "coordinated-backup", to: "postgres-haproxy", ports: [5000], why: "the instant in the log" },
    {
      from: "coordinated-backup",
      to: "anywhere",
      ports: network.kubernetesApi.ports,
      why: "the record in the cluster",
    },
  ];
}

/** A coordinated backup is one of Postgres first. */
const redisBackups = ({ backend }: FlowSettings["postgres"]): WorkloadName[] =>
  backend === "patroni" ? ["redis-backup", "coordinated-backup"] : ["redis-backup"];

function redisFlows({ redis, postgres, dify }: FlowSettings): Flow[] {
  const clients: WorkloadName[] = [
    ...backend,
    "plugin-daemon",
    ...(dify.agent.enabled ? (["agent-backend"] as const) : []),
  ];
  if (redis.backend === "external") return each(clients, "anywhere", [redis.port], "external Redis");
  return [
    ...each(clients, "redis-haproxy", [6379], "cache, tasks, events"),
    { from: "redis-haproxy", to: "redis", ports: [6379], why: "the master" },
    { from: "redis", to: "redis", ports: [6379, 26379], why: "replication and votes" },
    ...each(redisBackups(postgres), "redis", [6379], "snapshots"),
    ...each(["restore"], "redis", [6379], "keys out of a snapshot"),
  ];
}

/** Workloads that write backups, and those that read them back. */
function backupWriters({ postgres, redis, backup, vectorStore, offsite }: FlowSettings): WorkloadName[] {
  return [
    ...(postgres.backend === "patroni"
      ? (["postgres", "postgres-bootstrap", "postgres-backup", "etcd-backup", "coordinated-backup"] as const)
      : []),
    ...(redis.backend === "sentinel" ? (["redis-backup"] as const) : []),
    ...(backup.clusterEtcd ? (["cluster-etcd-backup"] as const) : []),
    ...(vectorStore.kind === "qdrant" ? (["vector-backup"] as const) : []),
    "objects-backup",
    ...(offsite.backend === "none" ? [] : (["objects-follower"] as const)),
    "secrets-bundle",
    "restore",
    ...(backup.velero.enabled ? (["velero"] as const) : []),
  ];
}

function offsiteFlows(settings: FlowSettings): Flow[] {
  const { offsite } = settings;
  if (offsite.backend === "none") return [];
  const port = offsite.backend === "s3" ? Number(new URL(offsite.endpoint).port) || 443 : 443;
  return [
    ...each(backupWriters(settings), "anywhere", [port], "archive and backups off site"),
    ...(copiesVolumes(settings) ? each(["volume-copy"], "anywhere", [port], "volumes off site") : []),
    ...(hasDrills(settings) ? each(["drills"], "anywhere", [port], "backups are restored from there") : []),
  ];
}

const copiesVolumes = ({ backup, offsite }: FlowSettings): boolean =>
  backup.snapshots.class !== "none" && offsite.backend !== "none";

/** What is restored comes from a repository of ours. */
const hasDrills = ({ drills, postgres }: FlowSettings): boolean => drills.enabled && postgres.backend === "patroni";

function drillFlows({ network }: FlowSettings): Flow[] {
  return each(["drills"], "anywhere", network.kubernetesApi.ports, "the record in the cluster, and the result");
}

/** What backs up the cluster that all of this runs on. */
function clusterFlows(settings: FlowSettings): Flow[] {
  const {
    network,
    backup: { clusterEtcd, snapshots },
  } = settings;
  const ports = clusterEtcd?.endpoints.map((endpoint) => Number(/\d+$/.exec(endpoint)?.[0])) ?? [];
  return [
    ...(clusterEtcd ? each(["cluster-etcd-backup"], "anywhere", [...new Set(ports)], "snapshots of the cluster") : []),
    ...(snapshots.class === "none"
      ? []
      : each(["volume-snapshots"], "anywhere", network.kubernetesApi.ports, "snapshots of volumes")),
    ...(copiesVolumes(settings)
      ? each(["volume-copies"], "anywhere", network.kubernetesApi.ports, "Jobs that copy")
      : []),
  ];
}

function objectStoreFlows(settings: FlowSettings): Flow[] {
  const { objectStore } = settings;
  const drills = hasDrills(settings) ? (["drills"] as const) : [];
  const clients = [...backend, "plugin-daemon", ...backupWriters(settings), ...drills] as const;
  if (objectStore.backend === "s3") return each(clients, "anywhere", [443], "S3");
  const edges = settings.backup.edge.sites.length > 0 ? (["edge-backup", "edges"] as const) : [];
  return [
    ...each(clients, "minio-s3", [9000], "files, plugin packages, backups"),
    ...each(edges, "minio-s3", [9000], "repositories of edge sites"),
    { from: "object-store-bootstrap", to: "minio-s3", ports: [9000], why: "buckets and users" },
    { from: "minio-s3", to: "minio", ports: [9000], why: "servers that answer" },
    { from: "minio", to: "minio", ports: [9000], why: "erasure sets" },
  ];
}

function vectorStoreFlows({ vectorStore }: FlowSettings): Flow[] {
  const clients = ["api", "worker"] as const;
  switch (vectorStore.kind) {
    case "pgvector":
      return [];
    case "weaviate":
      return [
        ...each(clients, "weaviate", [8080, 50051], "vectors"),
        {
          from: "weaviate",
          to: "weaviate",
          ports: Object.values(weaviatePeerPorts),
          udp: [weaviatePeerPorts.gossip],
          why: "gossip, data, consensus",
        },
      ];
    case "qdrant":
      return [
        ...each(clients, "qdrant", [6333, 6334], "vectors"),
        { from: "vector-backup", to: "qdrant", ports: [6333], why: "snapshots" },
        { from: "qdrant", to: "qdrant", ports: [6335], why: "consensus and shards" },
      ];
    case "milvus":
      return each(clients, "anywhere", [vectorStore.port], "external Milvus");
  }
}

function veleroFlows({ network }: FlowSettings): Flow[] {
  const { ports } = network.kubernetesApi;
  return [
    { from: "velero", to: "anywhere", ports, why: "what is backed up, and its own resources" },
    { from: "velero-kinds", to: "anywhere", ports, why: "the kinds of Velero's API" },
  ];
}

function meshFlows({ dify }: FlowSettings): Flow[] {
  const services = ["gateway", "api", "worker", "beat", "web", "websocket", "plugin-daemon"] as const;
  const all = [...services, ...(dify.agent.enabled ? (["agent-backend"] as const) : [])];
  return each(all, "mesh", [meshControl.port], "certificates and configuration of the proxies");
}

function noticeFlows({ observability }: FlowSettings): Flow[] {
  const from = observability.backend === "bundled" ? "alertmanager" : "monitoring";
  return [
    { from, to: "notice-forwarder", ports: [8080], why: "notices for robots of DingTalk and WeCom" },
    { from: "notice-forwarder", to: "internet", ports: [443], why: "the robots" },
  ];
}

/** What is scraped, by the stack's own Prometheus and by one of the namespace that the settings name; and what the stack's own needs besides. */
function monitoringFlows(settings: FlowSettings): Flow[] {
  const { observability, network } = settings;
  const scrapedBy = (from: "prometheus" | "monitoring"): Flow[] =>
    targets(settings).map(({ workload, number }) => ({ from, to: workload, ports: [number], why: "metrics" }));
  return [
    ...(network.monitoringNamespace ? scrapedBy("monitoring") : []),
    ...(observability.backend === "bundled"
      ? [...scrapedBy("prometheus"), ...bundledFlows(observability, settings)]
      : []),
  ];
}

/** Jobs tell their figures. */
function figureFlows(settings: FlowSettings): Flow[] {
  const { postgres, redis, backup, vectorStore } = settings;
  const jobs: WorkloadName[] = [
    ...(postgres.backend === "patroni" ? (["postgres-backup", "etcd-backup", "coordinated-backup"] as const) : []),
    ...(redis.backend === "sentinel" ? (["redis-backup"] as const) : []),
    ...(backup.clusterEtcd ? (["cluster-etcd-backup"] as const) : []),
    ...(vectorStore.kind === "qdrant" ? (["vector-backup"] as const) : []),
    "objects-backup",
    "secrets-bundle",
    ...(hasDrills(settings) ? (["drills"] as const) : []),
  ];
  return each(jobs, pushgateway.name, [pushgateway.port], "figures of jobs");
}
