import { readFileSync } from "node:fs";
import type { V1Deployment, V1NetworkPolicy, V1StatefulSet } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { workloadPod } from "./pod.ts";

interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: unknown;
}

const golden = JSON.parse(
  readFileSync(new URL("../../golden/local.json", import.meta.url), "utf8"),
) as readonly Declared[];

function declared<T>(kind: string, name: string): T {
  const found = golden.find((resource) => resource.type.endsWith(`:${kind}`) && resource.name === name);
  if (!found) throw new Error(`There is no ${kind} ${name}.`);
  return found.inputs as T;
}

const worker = declared<V1Deployment>("Deployment", "worker");
const pluginDaemon = declared<V1Deployment>("Deployment", "plugin-daemon");
const image = declared<V1StatefulSet>("StatefulSet", "postgres").spec?.template.spec?.containers[0]?.image ?? "";
const pod = workloadPod({ worker, pluginDaemon, image, avoid: "server-b1" });
const [container] = pod.spec?.containers ?? [];

describe("the workload's pod", () => {
  it("falls under the NetworkPolicy of Dify's workers", () => {
    const policy = declared<V1NetworkPolicy>("NetworkPolicy", "worker");
    expect(pod.metadata?.namespace).toBe(policy.metadata?.namespace);
    expect(pod.metadata?.labels).toMatchObject(policy.spec?.podSelector?.matchLabels ?? {});
  });

  it("is none that the Deployment's ReplicaSets would take for their own", () =>
    expect(pod.metadata?.labels).not.toHaveProperty("pod-template-hash"));

  it("gets the settings of Dify's workers, and those of the plugin daemon apart from them", () => {
    const [dify] = worker.spec?.template.spec?.containers ?? [];
    expect(container?.envFrom).toEqual(expect.arrayContaining(dify?.envFrom ?? []));
    expect(container?.env).toEqual(expect.arrayContaining(dify?.env ?? []));
    expect(container?.volumeMounts).toEqual(expect.arrayContaining(dify?.volumeMounts ?? []));
    expect(container?.envFrom).toContainEqual({ prefix: "DAEMON_", secretRef: { name: "plugin-daemon" } });
  });

  it("may do no more than a worker", () => {
    expect(pod.spec?.securityContext).toEqual(worker.spec?.template.spec?.securityContext);
    expect(container?.securityContext).toEqual(worker.spec?.template.spec?.containers[0]?.securityContext);
  });

  it("runs on a real node, and not on the one that will be lost", () => {
    expect(pod.spec?.nodeSelector).toEqual({ "dify-ha.local/nodes": "real" });
    expect(JSON.stringify(pod.spec?.affinity)).toContain('"operator":"NotIn","values":["server-b1"]');
    expect(workloadPod({ worker, pluginDaemon, image }).spec?.affinity).toBeUndefined();
  });
});
