import { clusterStatus } from "../cluster/index.ts";
import { clusterFolder, targetFile } from "../prepare.ts";
import { notedTarget, reachCluster } from "../target.ts";
import { listWorkloads, workloadTable } from "../workloads.ts";

/** `make status`: the cluster's processes and nodes, and the stack's workloads. Starts nothing. */
export async function status(): Promise<void> {
  const cluster = await clusterStatus(clusterFolder);
  const target = await notedTarget(targetFile);
  if (!cluster && !target) {
    console.log("Nothing runs: make up starts everything.");
    return;
  }
  if (cluster) {
    console.log(`Cluster ${cluster.server}: ${cluster.healthy ? "healthy" : "not healthy, make up repairs it"}`);
    for (const { name, pid } of cluster.processes)
      console.log(`  ${name.padEnd(26)}${pid ? `pid ${pid}` : "not running"}`);
    for (const { name, zone, ready } of cluster.nodes)
      console.log(`  node ${name.padEnd(21)}zone ${zone}, ${ready ? "ready" : "not ready"}`);
  }
  if (!target) return;
  await reachCluster(target.kubeconfig);
  console.log(workloadTable(await listWorkloads(target.kubeconfig)));
}
