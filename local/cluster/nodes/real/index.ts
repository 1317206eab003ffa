import { join } from "node:path";
import { runningProcess } from "../../process/supervise.ts";
import type { NodeSet } from "../index.ts";
import { agentName, describeAgent } from "./agent.ts";
import { removeCgroups } from "./cgroups.ts";
import { isNodeCurrent, processName, startNode, stopNode } from "./node.ts";
import { clusterCgroup, nodeNames, realNodesOf, writeTopology } from "./topology.ts";
import { ensureRunning, isCurrent, stopProcess } from "../../process/supervise.ts";

const manifests = ["agent/agent.yaml", "coredns.yaml"].map((file) => join(import.meta.dirname, file));

/**
 * Nodes that run pods: each a set of namespaces of this machine with a containerd, a kubelet and a kube-proxy of its own. Power is lost, cables
 * are pulled (power.ts), network policies are enforced and volumes are of their size (agent/).
 */
export const realNodes: NodeSet = {
  name: "real",
  nodes: nodeNames,

  async isCurrent(context) {
    const agent = await describeAgent(context);
    const nodes = realNodesOf(context.dir);
    if (!isCurrent(context.dir, agent)) return false;
    return (await Promise.all(nodes.map((node) => isNodeCurrent(context, node)))).every(Boolean);
  },

  async start(context) {
    const nodes = realNodesOf(context.dir);
    writeTopology(context.dir);
    await context.kubectl.apply(manifests);
    await ensureRunning(context.dir, await describeAgent(context));
    // One after the other is no slower on few cores, and says which one fails.
    for (const node of nodes) await startNode(context, node);
  },

  async stop(dir) {
    await stopProcess(dir, agentName);
    await Promise.all(realNodesOf(dir).map((node) => stopNode(dir, node)));
    await removeCgroups(clusterCgroup(dir));
  },

  status(dir) {
    return [agentName, ...realNodesOf(dir).map(processName)].map((name) => {
      const running = runningProcess(dir, name);
      return running ? { name, pid: running.pid } : { name };
    });
  },
};
