import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { CoreV1Api, KubeConfig, type CustomObjectsApi } from "@kubernetes/client-node";
import { inject } from "vitest";
import { startCluster } from "../../local/cluster/index.ts";
import { messageOf } from "../../local/failure.ts";

/** Where `make` leaves the cluster's programs. */
export const binDir = join(import.meta.dirname, "..", "..", ".toolchain", "bin");

/** A start from nothing takes ten seconds, and several times that while something is built beside it. */
export const clusterTimeout = 180_000;

export interface TestCluster {
  /** File, with all rights. */
  readonly kubeconfig: string;
  /** For clients: `config.makeApiClient(AppsV1Api)`. */
  readonly config: KubeConfig;
}

/**
 * A real control plane with simulated nodes, started when a test first asks for it and shared by all files of the run, so keep to
 * namespaces of your own (`testNamespace`). The configuration must have `test/support/clusterRun.ts` as a globalSetup.
 * Call it in `beforeAll(..., clusterTimeout)`.
 */
export async function testCluster(): Promise<TestCluster> {
  const { kubeconfig } = await startCluster({ dir: inject("testClusterDir"), binDir, ports: "free" });
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return { kubeconfig, config };
}

/** A new, empty namespace; it goes with the cluster. */
export async function testNamespace({ config }: TestCluster, labels: Record<string, string> = {}): Promise<string> {
  const name = `test-${randomBytes(4).toString("hex")}`;
  await config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name, labels } } });
  return name;
}

/** Asks again until the answer is right; the last wrong answer is the test's error. */
export async function eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean, seconds = 30): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`Not so within ${seconds} s: ${JSON.stringify(answer, null, 2)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A kind of one's own, in a namespace. */
export type CustomKind = Parameters<CustomObjectsApi["listNamespacedCustomObject"]>[0];

/** Waits for a kind that is new: while the API server prepares it, it answers 404, then 429. */
export async function untilServed(api: CustomObjectsApi, kind: CustomKind): Promise<void> {
  const problem = () => api.listNamespacedCustomObject(kind).then(() => "", messageOf);
  await eventually(problem, (said) => said === "");
}

/** Deletes namespaces and waits until they are gone: suites that share a cluster make some of the same names. */
export async function deleteNamespaces(core: CoreV1Api, names: readonly string[]): Promise<void> {
  for (const name of names) await core.deleteNamespace({ name });
  const left = async () => (await core.listNamespace()).items.filter((n) => names.includes(n.metadata?.name ?? ""));
  await eventually(left, (found) => found.length === 0, 60);
}
