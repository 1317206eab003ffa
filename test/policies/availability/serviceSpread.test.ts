import { describe, expect, it } from "vitest";
import type { Spread, Workload } from "../../../policies/read/workloads.ts";
import { workloadOf } from "../../../policies/read/workloads.ts";
import { spreadViolations } from "../../../policies/rules/availability/serviceSpread.ts";

const zones: Spread = { over: "zone", strength: "required", maxSkew: 1, minDomains: 1 };
const hosts: Spread = { ...zones, over: "host" };
const api: Workload = { name: "api", namespace: "dify", labels: {}, replicas: 3, spread: [zones] };
const worker: Workload = { ...api, name: "worker", spread: [hosts, { ...zones, strength: "preferred" }] };

describe("replicas of a service stand apart", () => {
  it.each([
    ["over zones", api],
    ["over zones, with an autoscaler", { ...api, replicas: undefined }],
    ["over hosts where that is declared", worker],
    ["or alone", { ...api, replicas: 1, spread: [] }],
  ])("%s", (_, service) => expect(spreadViolations(service, ["worker"])).toEqual([]));

  it.each<[string, Workload, string]>([
    ["no spread", { ...api, spread: [] }, "one zone"],
    ["a mere preference", { ...api, spread: [{ ...zones, strength: "preferred" }] }, "one zone"],
    ["an uneven spread", { ...api, spread: [{ ...zones, maxSkew: 3 }] }, "one zone"],
    ["no spread with an autoscaler", { ...api, replicas: undefined, spread: [] }, "one zone"],
    ["hosts where zones are asked for", { ...api, spread: [hosts] }, "one zone"],
    ["neither zones nor hosts", { ...worker, spread: [] }, "one host"],
    ["hosts of one zone", { ...worker, spread: [hosts] }, "one host"],
  ])("is refused: %s", (_, service, message) =>
    expect(spreadViolations(service, ["worker"])).toEqual([expect.stringContaining(message)]),
  );

  it("does not count a constraint that looks at other pods", () => {
    const constraint = (name: string) => ({
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
      maxSkew: 1,
      labelSelector: { matchLabels: { name } },
    });
    const deployment = (name: string) => ({
      type: "kubernetes:apps/v1:Deployment",
      name: "api",
      inputs: {
        spec: {
          template: { metadata: { labels: { name: "api" } }, spec: { topologySpreadConstraints: [constraint(name)] } },
        },
      },
    });
    expect(workloadOf(deployment("api"))?.spread).toEqual([zones]);
    expect(workloadOf(deployment("web"))?.spread).toEqual([]);
  });
});
