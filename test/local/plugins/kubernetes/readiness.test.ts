import { describe, expect, it } from "vitest";
import { parseWaitFor, wishesReadiness } from "../../../../local/plugins/kubernetes/await/waitFor.ts";
import {
  daemonSetReadiness,
  deploymentReadiness,
  jobReadiness,
  statefulSetReadiness,
} from "../../../../local/plugins/kubernetes/await/workloads.ts";
import type { Properties } from "../../../../local/plugins/protocol/values.ts";

const object = (spec: Properties, status?: Properties, generation = 1) => ({
  apiVersion: "v1",
  kind: "Any",
  metadata: { name: "x", generation },
  spec,
  ...(status && { status }),
});
const rolled = { observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 3 };

describe("a rollout is complete", () => {
  it.each([
    [
      "not before the controller saw the change",
      { ...rolled, observedGeneration: 0 },
      "the controller has not seen the change",
    ],
    ["not while replicas are of the old kind", { ...rolled, updatedReplicas: 2 }, "2 of 3 replicas updated"],
    ["not while old ones still run", { ...rolled, replicas: 4 }, "1 old replicas still run"],
    ["not before all are available", { ...rolled, availableReplicas: 2 }, "2 of 3 replicas available"],
  ])("%s", (_, status, reason) =>
    expect(deploymentReadiness(object({ replicas: 3 }, status))).toEqual({ state: "waiting", reason }),
  );

  it("when all is new and available, also with none wanted", () => {
    expect(deploymentReadiness(object({ replicas: 3 }, rolled)).state).toBe("ready");
    expect(deploymentReadiness(object({ replicas: 0 }, { observedGeneration: 1 })).state).toBe("ready");
  });

  it("of a StatefulSet up to its partition", () => {
    const status = {
      observedGeneration: 1,
      readyReplicas: 3,
      updatedReplicas: 1,
      currentRevision: "a",
      updateRevision: "b",
    };
    const partition = (count: number) => ({ replicas: 3, updateStrategy: { rollingUpdate: { partition: count } } });
    expect(statefulSetReadiness(object(partition(2), status)).state).toBe("ready");
    expect(statefulSetReadiness(object(partition(0), status))).toEqual({
      state: "waiting",
      reason: "1 of 3 replicas updated",
    });
  });

  it("of a DaemonSet on every node", () => {
    const status = { observedGeneration: 1, desiredNumberScheduled: 6, updatedNumberScheduled: 6, numberAvailable: 5 };
    expect(daemonSetReadiness(object({}, status))).toEqual({ state: "waiting", reason: "5 of 6 pods available" });
  });

  it("of a suspended Job at once", () => expect(jobReadiness(object({ suspend: true })).state).toBe("ready"));
});

describe("pulumi.com/waitFor", () => {
  const status = {
    phase: "Up",
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Stalled", status: "False" },
    ],
  };
  const state = (annotation: string, generation = 1, seen = 1) =>
    wishesReadiness(object({}, { ...status, observedGeneration: seen }, generation), parseWaitFor(annotation)).state;

  it.each([
    ["condition=Ready", "ready"],
    ["condition=ready", "ready"],
    ["condition=Stalled=False", "ready"],
    ["condition=Stalled", "waiting"],
    ["condition=Missing", "waiting"],
    ["jsonpath={.status.phase}=Up", "ready"],
    ['jsonpath={.status.phase}="Up"', "ready"],
    ["jsonpath={.status.phase}=Down", "waiting"],
    ["jsonpath={.status.phase}", "ready"],
    ["jsonpath={.status.missing}", "waiting"],
    ['jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', "ready"],
    ['["condition=Ready", "jsonpath={.status.phase}=Down"]', "waiting"],
  ])("%s is %s", (annotation, expected) => expect(state(annotation)).toBe(expected));

  it("trusts no condition from before the last change", () => expect(state("condition=Ready", 2, 1)).toBe("waiting"));

  it.each(["Ready", "jsonpath=.status", "[]", "[1]", "[broken"])("cannot read %s", (annotation) =>
    expect(() => parseWaitFor(annotation)).toThrow(),
  );
});
