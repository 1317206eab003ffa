import { describe, expect, it } from "vitest";
import { daemonUpdates, daemonViolations, type Daemon } from "../../../policies/rules/availability/daemonUpdates.ts";

const proxy: Daemon = { maxUnavailable: 0, maxSurge: 1, rolling: true, unprobed: [], unreserved: [] };

describe("a pod of each node is there throughout an update", () => {
  it.each([
    ["one by one", proxy],
    ["many at a time", { ...proxy, maxSurge: "25%" }],
  ])("when the next starts first, %s", (_, daemon) => expect(daemonViolations(daemon)).toEqual([]));

  it.each<[string, Daemon, string]>([
    ["the old pod ends first", { ...proxy, maxUnavailable: 1, maxSurge: 0 }, "maxSurge 1"],
    ["no pod is added", { ...proxy, maxSurge: "0%" }, "maxSurge 1"],
    ["nothing is said", { ...proxy, maxUnavailable: undefined, maxSurge: undefined }, "maxSurge 1"],
    ["pods are replaced by hand", { ...proxy, rolling: false }, "RollingUpdate"],
    ["nobody asks whether it serves", { ...proxy, unprobed: ["haproxy"] }, "readinessProbe"],
    ["nothing is set aside for it", { ...proxy, unreserved: ["haproxy"] }, "request cpu and memory"],
  ])("is refused when %s", (_, daemon, message) =>
    expect(daemonViolations(daemon)).toEqual([expect.stringContaining(message)]),
  );

  it("reads what a DaemonSet says", () => {
    const container = { name: "haproxy", resources: { requests: { cpu: "1", memory: "1Gi" } }, readinessProbe: {} };
    const resource = {
      type: "kubernetes:apps/v1:DaemonSet",
      name: "proxy",
      inputs: {
        spec: {
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          template: { spec: { containers: [container] } },
        },
      },
    };
    expect(daemonUpdates.judge(resource, [resource]).violations).toEqual([]);
    const changed = { ...resource, inputs: { spec: { template: { spec: { containers: [{ name: "haproxy" }] } } } } };
    expect(daemonUpdates.judge(changed, [changed]).violations).toHaveLength(3);
  });
});
