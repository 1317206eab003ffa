import type { WorkloadName } from "../areas.ts";
import { weaviatePeerPorts } from "../../vectorStore/weaviate.ts";
import { backend } from "./application.ts";
import { backupWriters, hasDrills } from "./backup.ts";
import { each, type Flow, type FlowSettings } from "./flow.ts";

/** Who talks to whom where state is kept. */
export function dataFlows(settings: FlowSettings): Flow[] {
  return [
    ...postgresFlows(settings),
    ...redisFlows(settings),
    ...objectStoreFlows(settings),
    ...vectorStoreFlows(settings),
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
