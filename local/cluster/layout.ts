import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePorts } from "./process/ports.ts";

/** Everything that listens, all of it on 127.0.0.1 only. */
export interface ClusterPorts {
  readonly apiServer: number;
  readonly etcd: number;
  /** Of etcd with its peers: it has none, but it insists on listening. */
  readonly etcdPeer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
}

/** The user's own cluster: fixed, so that a kubeconfig once copied stays right; below the ports that Linux gives to outgoing connections. */
export const defaultPorts: ClusterPorts = {
  apiServer: 26443,
  etcd: 26379,
  etcdPeer: 26380,
  controllerManager: 26257,
  scheduler: 26259,
};

/** Addresses that exist only inside the cluster. */
export const networks = {
  services: "10.96.0.0/16",
  /** The first address of `services`: the API server's own Service. */
  apiService: "10.96.0.1",
  pods: "10.244.0.0/16",
} as const;

/** Label of the nodes that Dify's pods are placed on: Pulumi.local.yaml asks for it. */
export const difyLabel = "dify-ha.local/dify";

/** "real": pods run in containers, on nodes that are namespaces of this machine, beside simulated ones. "simulated": only those. */
export type NodeKind = "real" | "simulated";

/** What does not change while a cluster exists, kept in <dir>/cluster.json. */
export interface ClusterSettings {
  readonly nodes: NodeKind;
  /** The nodes that take Dify's pods: real ones only where its images can be pulled. */
  readonly difyOn: NodeKind;
  /** Where its programs are: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, kwok; kubelet, kube-proxy. */
  readonly binDir: string;
  readonly ports: ClusterPorts;
}

const settingsFile = (dir: string): string => join(dir, "cluster.json");

/** The settings of the cluster in this folder; undefined when there is none. */
export function readSettings(dir: string): ClusterSettings | undefined {
  if (!existsSync(settingsFile(dir))) return undefined;
  return JSON.parse(readFileSync(settingsFile(dir), "utf8")) as ClusterSettings;
}

/** Settles the ports of a cluster: those asked for, or else those it had before. Its nodes stay of the kind that it was made with. */
export async function writeSettings(
  dir: string,
  binDir: string,
  { nodes, difyOn }: Pick<ClusterSettings, "nodes" | "difyOn">,
  ports: ClusterPorts | "free" | undefined,
): Promise<ClusterSettings> {
  const known = readSettings(dir);
  const fresh = async () => (ports === "free" ? await freePorts() : defaultPorts);
  const chosen = typeof ports === "object" ? ports : (known?.ports ?? (await fresh()));
  const kinds = { nodes: known?.nodes ?? nodes, difyOn: known?.difyOn ?? difyOn };
  const settings: ClusterSettings = { ...kinds, binDir, ports: chosen };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(settingsFile(dir), `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  return settings;
}

async function freePorts(): Promise<ClusterPorts> {
  const names = Object.keys(defaultPorts) as (keyof ClusterPorts)[];
  const free = await findFreePorts(names.length);
  return Object.fromEntries(names.map((name, i) => [name, free[i]])) as Record<keyof ClusterPorts, number>;
}

export const kubeconfigFile = (dir: string): string => join(dir, "kubeconfig");
