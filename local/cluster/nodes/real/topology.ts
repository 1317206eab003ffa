import { createHash } from "node:crypto";
import { readFileSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A node of its own namespaces. */
export interface RealNode {
  readonly name: string;
  readonly zone: string;
  /** Counted from 1: part of its addresses. */
  readonly index: number;
  readonly address: string;
  /** Addresses of its pods. */
  readonly podCidr: string;
  /** File that holds its network namespace open. */
  readonly netns: string;
  /** All it keeps: root file system, images, volumes, logs. */
  readonly folder: string;
  /** Path below each hierarchy of control groups. */
  readonly cgroup: string;
}

/** The network that a cluster's nodes and its control plane share. */
export interface Lan {
  readonly netns: string;
  readonly bridge: string;
  /** Of the control plane, and the nodes' way to it. */
  readonly address: string;
  readonly prefixLength: number;
}

const zones = ["a", "b", "c"] as const;

export const nodeNames: readonly string[] = zones.map((zone) => `server-${zone}1`);

/** Addresses inside network namespaces of the cluster's own: two clusters on one machine have the same, and do not meet. */
export const realNetworks = { lan: "10.98.0", pods: "10.245.0.0/16", dns: "10.96.0.10" } as const;

/** What is named on the machine as a whole carries this: no two clusters share a folder. */
export function clusterId(dir: string): string {
  return createHash("sha256").update(realpathSync(dir)).digest("hex").slice(0, 6);
}

export const netnsFolder = "/run/netns";

export const namePrefix = (dir: string): string => `dify-ha-${clusterId(dir)}-`;

/** Above the nodes' control groups. */
export const clusterCgroup = (dir: string): string => `/dify-ha/${clusterId(dir)}`;

export function lanOf(dir: string): Lan {
  return {
    netns: join(netnsFolder, `${namePrefix(dir)}lan`),
    bridge: "lan",
    address: `${realNetworks.lan}.1`,
    prefixLength: 24,
  };
}

export function realNodesOf(dir: string): RealNode[] {
  return zones.map((zone, i) => {
    const name = `server-${zone}1`;
    const index = i + 1;
    return {
      name,
      zone,
      index,
      address: `${realNetworks.lan}.${10 + index}`,
      podCidr: `10.245.${index}.0/24`,
      netns: join(netnsFolder, `${namePrefix(dir)}${name}`),
      folder: join(dir, "nodes", name),
      cgroup: `${clusterCgroup(dir)}/${name}`,
    };
  });
}

/** @throws when the cluster has no such node. */
export function realNode(dir: string, name: string): RealNode {
  const node = realNodesOf(dir).find((candidate) => candidate.name === name);
  if (!node) throw new Error(`There is no real node "${name}": they are ${nodeNames.join(", ")}.`);
  return node;
}

/** The file by which the agent of the nodes knows them. */
export function writeTopology(dir: string): void {
  writeFileSync(join(dir, "real-nodes.json"), `${JSON.stringify(realNodesOf(dir), null, 2)}\n`);
}

/** Pid of a node's first process, as the host counts; undefined while the node is off. */
export function initPid(node: RealNode): number | undefined {
  try {
    const pid = Number(readFileSync(join(node.folder, "init.pid"), "utf8"));
    // The number may mean another process by now; ours is told by its control group. One that is dead has no namespaces.
    const isOurs = readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(`${node.cgroup}/`);
    return isOurs && readlinkSync(`/proc/${pid}/ns/mnt`) ? pid : undefined;
  } catch {
    return undefined;
  }
}
