import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { Failure, messageOf } from "./failure.ts";

/** How long a cluster may take to answer the first question, in seconds. */
const patience = 10;

/** A cluster that answered. */
export interface Target {
  readonly kubeconfig: string;
  readonly server: string;
  /** Tells clusters apart that have the same address, one after the other: the id of the namespace kube-system. */
  readonly clusterId: string;
}

/**
 * Asks the cluster of a kubeconfig who it is. A preview against a cluster that does not answer reports "to create" for everything and no
 * error, so this comes first.
 */
export async function reachCluster(kubeconfig: string): Promise<Target> {
  const config = new KubeConfig();
  try {
    config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new Failure(`KUBECONFIG ${kubeconfig} cannot be read: ${messageOf(error)}`);
  }
  const server = config.getCurrentCluster()?.server;
  if (!server)
    throw new Failure(`KUBECONFIG ${kubeconfig} has no current context: choose one with kubectl config use-context.`);
  try {
    const system = await askCluster(config);
    return { kubeconfig, server, clusterId: system };
  } catch (error) {
    const reason = messageOf(error).split("\n")[0] ?? "";
    throw new Failure(`The cluster ${server} (KUBECONFIG ${kubeconfig}) does not answer as it should: ${reason}`);
  }
}

/** Id of the cluster, as proof that it answers. */
export async function askCluster(config: KubeConfig): Promise<string> {
  const question = config.makeApiClient(CoreV1Api).readNamespace({ name: "kube-system" });
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`nothing heard for ${patience} s`)), patience * 1000).unref();
  });
  const namespace = await Promise.race([question, late]);
  return namespace.metadata?.uid ?? "";
}

/**
 * Holds a stack to the cluster that it was first deployed to: with another one, Pulumi would believe that all is there already. The file
 * is where it was noted; a stack that is new is noted now.
 */
export async function holdToTarget(file: string, target: Target): Promise<void> {
  const noted = await notedTarget(file);
  if (noted && noted.clusterId !== target.clusterId)
    throw new Failure(
      `What runs was deployed to ${noted.server} (KUBECONFIG ${noted.kubeconfig}), not to ${target.server}: run make down first, or set KUBECONFIG back.`,
    );
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(target, null, 2)}\n`);
}

/** The cluster that the stack was deployed to, if any. */
export async function notedTarget(file: string): Promise<Target | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Target);
}
