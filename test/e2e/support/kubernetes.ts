import { join } from "node:path";
import { AppsV1Api, CoreV1Api, DiscoveryV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import { nameLabel } from "../../../components/workload/labels.ts";
import { toolchainPrograms } from "../../../local/prepare.ts";
import { runningContainers } from "./processes.ts";
import type { Stack } from "./stack.ts";

/** A pod of the namespace that holds data. */
export interface Pod {
  readonly name: string;
  readonly node: string;
  readonly ip: string;
  /** Ids of its running containers by name, as the runtime has them. */
  readonly containers: Readonly<Record<string, string>>;
  readonly ready: boolean;
}

const configs = new Map<string, KubeConfig>();

/** The cluster's API, as its administrator. */
export function clusterConfig({ kubeconfig }: Pick<Stack, "kubeconfig">): KubeConfig {
  const known = configs.get(kubeconfig);
  if (known) return known;
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  configs.set(kubeconfig, config);
  return config;
}

/** Pods of a workload, in the order of their names. */
export async function podsOf(stack: Stack, workload: string): Promise<Pod[]> {
  const core = clusterConfig(stack).makeApiClient(CoreV1Api);
  const wanted = { namespace: stack.namespaces.data, labelSelector: `${nameLabel}=${workload}` };
  // A connection that was kept may have been closed by the other side in that very moment.
  const { items } = await core.listNamespacedPod(wanted).catch(() => core.listNamespacedPod(wanted));
  return items
    .filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed")
    .map(podOf)
    .sort((a, b) => a.name.localeCompare(b.name));
}

function podOf({ metadata, spec, status }: V1Pod): Pod {
  const running = (status?.containerStatuses ?? []).filter(({ state }) => state?.running);
  return {
    name: metadata?.name ?? "",
    node: spec?.nodeName ?? "",
    ip: status?.podIP ?? "",
    containers: Object.fromEntries(
      running.map(({ name, containerID = "" }) => [name, containerID.replace(/^.*:\/\//, "")]),
    ),
    ready:
      metadata?.deletionTimestamp === undefined &&
      (status?.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True"),
  };
}

/** @throws when there is no such pod. */
export async function podNamed(stack: Stack, workload: string, name: string): Promise<Pod> {
  const pod = (await podsOf(stack, workload)).find((candidate) => candidate.name === name);
  if (!pod) throw new Error(`There is no pod ${name} of ${workload}.`);
  return pod;
}

/** What of these workloads is not as it was declared: members that are not ready, Services that do not lead to all of them. */
export async function unready(stack: Stack, workloads: readonly string[]): Promise<string[]> {
  const running = runningContainers();
  const found = await Promise.all(workloads.map((workload) => unreadyOf(stack, workload, running)));
  return found.flat();
}

async function unreadyOf(stack: Stack, name: string, running: ReadonlySet<string>): Promise<string[]> {
  const config = clusterConfig(stack);
  const [wanted, pods, reached] = await Promise.all([
    replicasOf(config.makeApiClient(AppsV1Api), stack.namespaces.data, name),
    podsOf(stack, name),
    reachedThrough(stack, name),
  ]);
  const ready = pods.filter((pod) => pod.ready).length;
  const real = pods.filter(({ node }) => stack.nodes.some((candidate) => candidate.name === node));
  const dead = real.filter(({ containers }) => !Object.values(containers).every((id) => running.has(id)));
  return [
    ...dead.map((pod) => `${pod.name} does not run`),
    ...(ready === wanted ? [] : [`${ready} of ${wanted} pods of ${name} are ready`]),
    ...[...reached]
      // Of Services for single pods each leads to one.
      .filter(([, { pods: led, single }]) => led !== (single ? 1 : wanted))
      .map(([service, { pods: led }]) => `Service ${service} leads to ${led} pods of ${name}`),
  ];
}

/** How many ready pods of a workload each of its Services leads to. */
async function reachedThrough(stack: Stack, workload: string) {
  const namespace = stack.namespaces.data;
  const config = clusterConfig(stack);
  const [services, slices] = await Promise.all([
    config.makeApiClient(CoreV1Api).listNamespacedService({ namespace }),
    config.makeApiClient(DiscoveryV1Api).listNamespacedEndpointSlice({ namespace }),
  ]);
  const selecting = services.items.filter(({ spec }) => spec?.selector?.[nameLabel] === workload);
  return new Map(
    selecting.map(({ metadata, spec }) => {
      const own = slices.items.filter(
        ({ metadata: of }) => of?.labels?.["kubernetes.io/service-name"] === metadata?.name,
      );
      const ready = own.flatMap(({ endpoints = [] }) => endpoints.filter(({ conditions }) => conditions?.ready));
      const pods = new Set(ready.flatMap(({ addresses }) => addresses)).size;
      return [metadata?.name ?? "", { pods, single: Object.keys(spec?.selector ?? {}).length > 1 }];
    }),
  );
}

async function replicasOf(apps: AppsV1Api, namespace: string, name: string): Promise<number> {
  const options = { namespace, fieldSelector: `metadata.name=${name}` };
  const [statefulSets, deployments, daemonSets] = await Promise.all([
    apps.listNamespacedStatefulSet(options),
    apps.listNamespacedDeployment(options),
    apps.listNamespacedDaemonSet(options),
  ]);
  const wanted = [
    ...[...statefulSets.items, ...deployments.items].map(({ spec }) => spec?.replicas ?? 1),
    ...daemonSets.items.map(({ status }) => status?.desiredNumberScheduled ?? 0),
  ];
  if (wanted[0] === undefined) throw new Error(`There is no workload ${name} in ${namespace}.`);
  return wanted[0];
}

/** Runs kubectl as a user would. @returns what it prints. @throws with what it says was wrong. */
export async function kubectl({ kubeconfig }: Pick<Stack, "kubeconfig">, ...args: string[]): Promise<string> {
  const { stdout } = await execa(join(toolchainPrograms, "kubectl"), args, {
    env: { KUBECONFIG: kubeconfig, KUBERC: "off" },
  });
  return stdout;
}

/** Deletes a pod and does not wait: its end is part of what is measured. */
export async function deletePod(stack: Stack, name: string): Promise<void> {
  await kubectl(stack, "delete", "pod", name, `--namespace=${stack.namespaces.data}`, "--wait=false");
}

/** Evicts all pods of a node, as before maintenance: disruption budgets are kept to. */
export async function drain(stack: Stack, node: string): Promise<void> {
  await kubectl(stack, "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=300s");
}

export async function uncordon(stack: Stack, ...nodes: string[]): Promise<void> {
  await kubectl(stack, "uncordon", ...nodes);
}
