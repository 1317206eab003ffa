import { BatchV1Api, CoreV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Area } from "../../../components/network/namespaces.ts";
import { recordSchema } from "../../../runbooks/catalogue/record.ts";
import { drillResultSchema, resultConfigMap, resultKey } from "../../../runbooks/drills/result.ts";
import { clusterConfig } from "../support/kubernetes.ts";
import { runningStack, type Stack } from "../support/stack.ts";
import { until } from "../support/waiting.ts";

/**
 * All backups on the running stack, and a drill: real images, volumes, certificates and network policies. In this order, as a check wants a backup, and a
 * drill a record.
 */
const jobs: readonly (readonly [Area, string])[] = [
  ["data", "postgres-full"],
  ["data", "postgres-incremental"],
  ["data", "postgres-check"],
  ["data", "postgres-dump"],
  ["data", "etcd-snapshot"],
  ["data", "redis-rdb"],
  ["data", "objects-copy"],
  ["data", "secrets-bundle"],
  ["data", "coordinated-backup"],
  ["drills", "drill-light"],
];

/** In seconds. */
const limit = 240;

describe("what is started by hand", { timeout: (limit + 60) * 1000 }, () => {
  let stack: Stack;
  let batch: BatchV1Api;
  let core: CoreV1Api;
  const run = `by-hand-${Date.now().toString(36)}`;

  beforeAll(() => {
    stack = runningStack();
    batch = clusterConfig(stack).makeApiClient(BatchV1Api);
    core = clusterConfig(stack).makeApiClient(CoreV1Api);
  });
  afterAll(async () => {
    for (const namespace of [stack.namespaces.data, stack.namespaces.drills]) {
      const { items } = await batch.listNamespacedJob({ namespace, labelSelector: `dify-ha/run=${run}` });
      for (const { metadata } of items)
        await batch.deleteNamespacedJob({ name: metadata?.name ?? "", namespace, propagationPolicy: "Background" });
    }
  });

  /** As `kubectl create job --from` does it. */
  async function start(namespace: string, cronJob: string): Promise<string> {
    const { spec } = await batch.readNamespacedCronJob({ name: cronJob, namespace });
    const name = `${cronJob}-${run}`;
    const { spec: jobSpec, metadata } = spec?.jobTemplate ?? {};
    const labels = { ...metadata?.labels, "dify-ha/run": run };
    await batch.createNamespacedJob({
      namespace,
      body: { metadata: { name, labels }, ...(jobSpec && { spec: { ...jobSpec, backoffLimit: 0 } }) },
    });
    return name;
  }

  /** What the pods of a job have printed. */
  async function printed(namespace: string, job: string): Promise<string> {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` });
    const containers = items.flatMap(({ metadata, spec }) =>
      [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map((c) => ({
        name: metadata?.name ?? "",
        container: c.name,
      })),
    );
    const logs = containers.map((of) =>
      core.readNamespacedPodLog({ ...of, namespace }).catch((error: unknown) => String(error)),
    );
    return (await Promise.all(logs)).join("\n");
  }

  it.each(jobs)("%s: %s ends well", async (area, cronJob) => {
    const namespace = stack.namespaces[area];
    const name = await start(namespace, cronJob);
    let failed = false;
    await until(
      async () => {
        const { status } = await batch.readNamespacedJob({ name, namespace });
        failed = (status?.failed ?? 0) > 0;
        return failed || (status?.succeeded ?? 0) > 0 ? [] : ["still running"];
      },
      `${name} to end`,
      limit,
    ).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await printed(namespace, name)}`);
    });
    expect(failed, failed ? await printed(namespace, name) : "").toBe(false);
  });

  it("that is coordinated has left its record in the cluster", async () => {
    const { items } = await core.listNamespacedConfigMap({
      namespace: stack.namespaces.data,
      labelSelector: "dify-ha/catalogue=record",
    });
    const [record] = items.map(({ data }) => recordSchema.parse(JSON.parse(data?.["record.json"] ?? "")));
    expect(record?.pause).toBeLessThan(5);
    expect(record?.buckets.map(({ bucket }) => bucket)).toEqual(["dify-files", "dify-plugins"]);
  });

  it("that is a drill has restored it, and says how long that took", async () => {
    const namespace = stack.namespaces.data;
    const { data } = await core.readNamespacedConfigMap({ name: resultConfigMap("light"), namespace });
    const result = drillResultSchema.parse(JSON.parse(data?.[resultKey] ?? ""));
    expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(result.passed).toBe(true);
    process.stderr.write(`a drill: RTO ${result.rtoSeconds} s, RPO ${result.rpoSeconds} s\n`);
  });
});
