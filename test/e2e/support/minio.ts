import type { Subject } from "./fault.ts";
import { podsOf, unready, type Pod } from "./kubernetes.ts";
import { runInside } from "./processes.ts";
import type { Stack } from "./stack.ts";

/** Names that the program gives its workloads. */
export const minioWorkloads = { servers: "minio", proxies: "minio-s3" } as const;

/** The object store as Dify meets it: proxies, and servers that each have all drives online. */
export const minio: Subject = {
  writes: ["objects"],
  reads: ["objectReads"],
  // Every server takes writes at any time; which of them counts is decided by the quorum of an object's drives.
  watch: () => ({ stop: () => Promise.resolve({ splitBrain: { open: 0, acknowledged: 0 } }) }),
  async problems(stack) {
    const found = await Promise.all([unready(stack, Object.values(minioWorkloads)), minioProblems(stack)]);
    return found.flat();
  },
};

async function minioProblems(stack: Stack): Promise<string[]> {
  const { objectStore } = stack.settings;
  if (objectStore.backend !== "minio") throw new Error("The stack has no object store of its own.");
  const drives = objectStore.servers * objectStore.drives;
  const pods = await podsOf(stack, minioWorkloads.servers);
  return (await Promise.all(pods.map((pod) => serverProblems(pod, drives)))).flat();
}

async function serverProblems(pod: Pod, drives: number): Promise<string[]> {
  try {
    // 200 when it reaches enough drives for writes.
    await page(pod, "/minio/health/cluster");
    // At most ten seconds old; what MinIO says of drives elsewhere, a minute.
    const metrics = await page(pod, "/minio/v2/metrics/cluster");
    const sets = metrics.matchAll(/^minio_cluster_health_erasure_set_online_drives\{.*\} (\d+)$/gm);
    const online = [...sets].reduce((sum, [, count]) => sum + Number(count), 0);
    return online === drives ? [] : [`${pod.name} sees ${online} of ${drives} drives online`];
  } catch (error) {
    return [String(error).split("\n")[0] ?? ""];
  }
}

async function page(pod: Pod, path: string): Promise<string> {
  return await runInside(pod, "minio", ["curl", "-skf", "--max-time", "5", `https://127.0.0.1:9000${path}`]);
}
