import { existsSync } from "node:fs";
import type { Progress } from "../failure.ts";
import { controlPlane, forwarders, healthPages } from "./controlPlane.ts";
import { ensureCrds } from "./crds.ts";
import { Kubectl } from "./kubectl.ts";
import {
  kubeconfigFile,
  readSettings,
  writeSettings,
  type ClusterPorts,
  type ClusterSettings,
  type NodeKind,
} from "./layout.ts";
import { withLock } from "./lock.ts";
import { nodeSetsOf, type NodeContext } from "./nodes/index.ts";
import { ensureNetwork, removeNetwork } from "./nodes/real/network.ts";
import { lanOf } from "./nodes/real/topology.ts";
import { ensurePki, pkiPaths } from "./pki/index.ts";
import { isHealthy, waitUntilHealthy } from "./process/health.ts";
import {
  ensureRunning,
  isCurrent,
  requireFreePorts,
  runningProcess,
  stopProcess,
  type ServerProcess,
} from "./process/supervise.ts";

export { defaultPorts, type ClusterPorts, type NodeKind } from "./layout.ts";

export interface ClusterOptions {
  /** Where the cluster keeps everything: data, keys, logs, its kubeconfig. One cluster a folder. */
  readonly dir: string;
  /** Where its programs are: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, kwok. */
  readonly binDir: string;
  /** "free" looks for free ones when the cluster is first made. @default those it had before, or else `defaultPorts` */
  readonly ports?: ClusterPorts | "free";
  /** @default "simulated"; a cluster that exists keeps its own */
  readonly nodes?: NodeKind;
  /** The nodes that take Dify's pods. @default "simulated"; a cluster that exists keeps its own */
  readonly difyOn?: NodeKind;
  /** Told in a few words what is being done. */
  readonly onProgress?: Progress;
}

/** A running cluster. */
export interface Cluster {
  /** File of a kubeconfig with all rights, readable by its owner only. */
  readonly kubeconfig: string;
  /** Address of the API server. */
  readonly server: string;
}

/**
 * Brings the cluster up and returns when nodes are ready and custom resources are served. What runs as it should is left
 * alone, what is missing or has other arguments is started (again), data and keys are kept: it can be called at any time.
 * Its processes outlive the caller.
 * @throws in one line when a port is in use; with the last lines of its log when a server stops.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { dir, binDir, ports, nodes: kind = "simulated", difyOn = "simulated", onProgress = () => undefined } = options;
  return withLock(dir, onProgress, async () => {
    const settings = await writeSettings(dir, binDir, { nodes: kind, difyOn }, ports);
    const nodeSets = nodeSetsOf(settings);
    onProgress("checking certificates");
    const real = settings.nodes === "real";
    const pki = await ensurePki(dir, settings.ports.apiServer, real ? [lanOf(dir).address] : []);
    const { etcd, apiServer, controllerManager, scheduler } = controlPlane(dir, settings, pki);
    const ways = real ? forwarders(dir, settings) : [];
    const servers = [...ways, etcd, apiServer, controllerManager, scheduler];
    const health = healthPages(settings.ports, pki);
    const kubectl = new Kubectl(dir, settings);
    const context: NodeContext = { dir, settings, kubectl, onProgress };
    const cluster: Cluster = { kubeconfig: kubeconfigFile(dir), server: serverOf(settings) };
    if ((await allCurrent(context, servers)) && (await clusterStatus(dir))?.healthy) {
      await ensureCrds(dir, kubectl);
      return cluster;
    }
    for (const server of servers) if (!runningProcess(dir, server.name)) await requireFreePorts(server);

    onProgress("starting etcd and the API server");
    if (real) await ensureNetwork(dir);
    for (const way of ways) await ensureRunning(dir, way);
    await ensureRunning(dir, etcd);
    await ensureRunning(dir, apiServer);
    // The API server takes its own word for etcd from a few seconds ago.
    await waitUntilHealthy(dir, health.etcd, [etcd]);
    await waitUntilHealthy(dir, health.apiServer, [apiServer, etcd]);

    onProgress("starting controllers, scheduler and nodes; installing custom resources");
    await ensureRunning(dir, controllerManager);
    await ensureRunning(dir, scheduler);
    await Promise.all([
      waitUntilHealthy(dir, health.controllerManager, [controllerManager]),
      waitUntilHealthy(dir, health.scheduler, [scheduler]),
      ensureCrds(dir, kubectl),
      // Without it no pod is admitted to the namespace.
      kubectl.run("wait", "--for=create", "--timeout=60s", "--namespace=default", "serviceaccount/default"),
      ...nodeSets.map((set) => set.start(context)),
    ]);

    const nodes = nodeSets.flatMap((set) => set.nodes);
    onProgress(`waiting for ${nodes.length} nodes`);
    // A node that has not registered yet is no error, only early.
    for (const condition of ["create", "condition=Ready"])
      await kubectl.run("wait", `--for=${condition}`, "--timeout=120s", "node", ...nodes);
    return cluster;
  });
}

const serverOf = ({ ports }: ClusterSettings): string => `https://127.0.0.1:${ports.apiServer}`;

async function allCurrent(context: NodeContext, servers: readonly ServerProcess[]): Promise<boolean> {
  if (!servers.every((server) => isCurrent(context.dir, server))) return false;
  return (await Promise.all(nodeSetsOf(context.settings).map((set) => set.isCurrent(context)))).every(Boolean);
}

/** Ends exactly the processes that `startCluster` started for this folder, clients before servers. Data and keys stay. */
export async function stopCluster(dir: string, onProgress: Progress = () => undefined): Promise<void> {
  if (!existsSync(dir)) return;
  await withLock(dir, onProgress, async () => {
    onProgress("stopping nodes, scheduler and controllers");
    await Promise.all([
      ...nodeSetsOf({ nodes: "real" }).map((set) => set.stop(dir)),
      stopProcess(dir, "kube-scheduler"),
      stopProcess(dir, "kube-controller-manager"),
    ]);
    onProgress("stopping the API server and etcd");
    await stopProcess(dir, "kube-apiserver");
    await stopProcess(dir, "etcd");
    await Promise.all(["forward-outside", "forward-inside"].map((name) => stopProcess(dir, name)));
    await removeNetwork(dir);
  });
}

/** What is seen of a cluster from outside. */
export interface ClusterStatus extends Cluster {
  /** All processes run, the API server answers, all nodes are there and ready. */
  readonly healthy: boolean;
  /** Without a pid: not running. */
  readonly processes: readonly { readonly name: string; readonly pid?: number }[];
  /** Empty while the API server does not answer. */
  readonly nodes: readonly { readonly name: string; readonly zone: string; readonly ready: boolean }[];
}

/** Never fails because the cluster is broken. @returns undefined when there has never been a cluster in this folder. */
export async function clusterStatus(dir: string): Promise<ClusterStatus | undefined> {
  const settings = readSettings(dir);
  if (!settings) return undefined;
  const nodeSets = nodeSetsOf(settings);
  const ways = settings.nodes === "real" ? ["forward-outside", "forward-inside"] : [];
  const processes = [
    ...[...ways, "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name) => {
      const running = runningProcess(dir, name);
      return running ? { name, pid: running.pid } : { name };
    }),
    ...nodeSets.flatMap((set) => set.status(dir)),
  ];
  const answers =
    processes.some(({ pid }) => pid !== undefined) &&
    (await isHealthy(healthPages(settings.ports, pkiPaths(dir)).apiServer));
  const nodes = answers ? await listNodes(new Kubectl(dir, settings)).catch(() => []) : [];
  const ready = nodes.filter((node) => node.ready).map(({ name }) => name);
  const expected = nodeSets.flatMap((set) => set.nodes);
  return {
    kubeconfig: kubeconfigFile(dir),
    server: serverOf(settings),
    healthy: processes.every(({ pid }) => pid !== undefined) && expected.every((name) => ready.includes(name)),
    processes,
    nodes,
  };
}

async function listNodes(kubectl: Kubectl): Promise<ClusterStatus["nodes"]> {
  const columns = [
    "{.metadata.name}",
    "{.metadata.labels.topology\\.kubernetes\\.io/zone}",
    '{.status.conditions[?(@.type=="Ready")].status}',
  ].join('{"\\t"}');
  const limit = "--request-timeout=10s";
  const table = await kubectl.run("get", "nodes", limit, "-o", `jsonpath={range .items[*]}${columns}{"\\n"}{end}`);
  return table
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [name = "", zone = "", ready] = line.split("\t");
      return { name, zone, ready: ready === "True" };
    });
}
