import { readdirSync } from "node:fs";
import { join } from "node:path";
import { difyLabel, networks, type ClusterSettings } from "../layout.ts";
import { ensureIdentity } from "../pki/index.ts";
import { ensureRunning, isCurrent, runningProcess, stopProcess, type ServerProcess } from "../process/supervise.ts";
import type { NodeContext, NodeSet } from "./index.ts";

const label = "dify-ha.local/nodes";
const process = "kwok";
/** The user that simulated.yaml gives its rights to. */
const user = "dify-ha:simulated-nodes";

const zones = ["a", "b", "c"] as const;
const nodesPerZone = 2;

interface SimulatedNode {
  readonly name: string;
  readonly zone: string;
  readonly address: string;
}

/** The stages read the zone from the name (volumes.yaml), so that a volume is bound to the zone of its first pod. */
const nodes: readonly SimulatedNode[] = zones.flatMap((zone, z) =>
  Array.from({ length: nodesPerZone }, (_, i) => ({
    name: `node-${zone}${i + 1}`,
    zone,
    address: `10.99.${z}.${i + 1}`,
  })),
);

const stageFolder = join(import.meta.dirname, "stages");
const stageFiles = readdirSync(stageFolder)
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => join(stageFolder, file));

/**
 * Nodes that exist in the API only: kwok answers for them as kubelets, volume and address providers would. It proves scheduling, controllers,
 * admission and waiting; nothing about images, probes, traffic or network policies. What can be switched on to fail: stages/failures.yaml.
 */
export const simulatedNodes: NodeSet = {
  name: "simulated",
  nodes: nodes.map((node) => node.name),

  isCurrent: async (context) => isCurrent(context.dir, await describe(context)),

  async start(context) {
    const kwok = await describe(context);
    const files = ["simulated.yaml", "storage.yaml"].map((file) => join(import.meta.dirname, file));
    await context.kubectl.apply(
      files,
      nodes.map((node) => nodeObject(node, context.settings)),
    );
    if (isCurrent(context.dir, kwok)) return;
    // A new kwok would wait until the leases of the old one have run out: up to 40 s in which nothing happens.
    await stopProcess(context.dir, process);
    await context.kubectl.run("delete", "leases", "-n", "kube-node-lease", "--ignore-not-found", ...this.nodes);
    await ensureRunning(context.dir, kwok);
  },

  stop: (dir) => stopProcess(dir, process),

  status(dir) {
    const running = runningProcess(dir, process);
    return [running ? { name: process, pid: running.pid } : { name: process }];
  },
};

async function describe({ dir, settings }: NodeContext): Promise<ServerProcess> {
  const server = { host: "127.0.0.1", port: settings.ports.apiServer };
  const { kubeconfig } = await ensureIdentity(dir, "simulated-nodes", { commonName: user }, server);
  return {
    name: process,
    program: join(settings.binDir, "kwok"),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--manage-nodes-with-label-selector=${label}=simulated`,
      "--node-lease-duration-seconds=40",
      `--cidr=${networks.pods}`,
      ...stageFiles.map((file) => `--config=${file}`),
    ],
    // Without an address to serve on it does not listen at all.
    ports: [],
    files: [kubeconfig, ...stageFiles],
  };
}

/** Beside real nodes a pod must ask for a simulated one. */
const taint = { key: "dify-ha.local/simulated", value: "true", effect: "NoSchedule" };

/** Big enough that only what is out of all proportion stays unscheduled. */
function nodeObject({ name, zone, address }: SimulatedNode, settings: ClusterSettings): object {
  const capacity = { cpu: "32", memory: "128Gi", pods: "110", "ephemeral-storage": "500Gi" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        [label]: "simulated",
        ...(settings.difyOn === "simulated" && { [difyLabel]: "true" }),
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/region": "local",
        "topology.kubernetes.io/zone": zone,
      },
      annotations: { "dify-ha.local/address": address },
    },
    ...(settings.nodes === "real" && { spec: { taints: [taint] } }),
    status: { capacity, allocatable: capacity },
  };
}
