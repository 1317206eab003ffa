import type { WorkloadName } from "../areas.ts";
import { pushgateway } from "../../observability/figures.ts";
import { each, type Flow, type FlowSettings } from "./flow.ts";

/** What backups and drills need beside the stores of the cluster: the second site, the API server, somebody who reads their figures. */
export function backupFlows(settings: FlowSettings): Flow[] {
  return [
    ...offsiteFlows(settings),
    ...clusterFlows(settings),
    ...(hasDrills(settings) ? drillFlows(settings) : []),
    ...(settings.backup.velero.enabled ? veleroFlows(settings) : []),
    ...(settings.observability.backend === "none" ? [] : figureFlows(settings)),
  ];
}

/** Jobs that back something up in the cluster. */
function backupJobs({ postgres, redis, backup, vectorStore }: FlowSettings): WorkloadName[] {
  return [
    ...(postgres.backend === "patroni" ? (["postgres-backup", "etcd-backup", "coordinated-backup"] as const) : []),
    ...(redis.backend === "sentinel" ? (["redis-backup"] as const) : []),
    ...(backup.clusterEtcd ? (["cluster-etcd-backup"] as const) : []),
    ...(vectorStore.kind === "qdrant" ? (["vector-backup"] as const) : []),
    "objects-backup",
    "secrets-bundle",
  ];
}

/** Workloads that write backups, and those that read them back. */
export function backupWriters(settings: FlowSettings): WorkloadName[] {
  const { postgres, backup, offsite } = settings;
  return [
    ...(postgres.backend === "patroni" ? (["postgres", "postgres-bootstrap"] as const) : []),
    ...backupJobs(settings),
    ...(offsite.backend === "none" ? [] : (["objects-follower"] as const)),
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
export const hasDrills = ({ drills, postgres }: FlowSettings): boolean =>
  drills.enabled && postgres.backend === "patroni";

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

function veleroFlows({ network }: FlowSettings): Flow[] {
  const { ports } = network.kubernetesApi;
  return [
    { from: "velero", to: "anywhere", ports, why: "what is backed up, and its own resources" },
    { from: "velero-kinds", to: "anywhere", ports, why: "the kinds of Velero's API" },
  ];
}

/** Jobs tell their figures. */
function figureFlows(settings: FlowSettings): Flow[] {
  const jobs = [...backupJobs(settings), ...(hasDrills(settings) ? (["drills"] as const) : [])];
  return each(jobs, pushgateway.name, [pushgateway.port], "figures of jobs");
}
