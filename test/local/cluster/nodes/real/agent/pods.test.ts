import { describe, expect, it } from "vitest";
import { addressedPods } from "../../../../../../local/cluster/nodes/real/agent/pods.ts";
import { apiPod } from "./sample.ts";

const none = new Map<string, string>();
const names = (pods: ReturnType<typeof addressedPods>) => pods.map(({ name, address }) => `${name} ${address}`);

describe("pods with an address of their own", () => {
  it("are those that the API shows with one", () => {
    const pods = [
      apiPod("runs", { phase: "Running", podIP: "10.245.1.2" }),
      apiPod("starts", { phase: "Pending", podIP: "10.245.1.3" }),
      apiPod("waits", { phase: "Pending" }),
    ];
    expect(names(addressedPods(pods, none))).toEqual(["runs 10.245.1.2", "starts 10.245.1.3"]);
  });

  it("are not those that have ended, nor those in their node's network", () => {
    const pods = [
      apiPod("done", { phase: "Succeeded", podIP: "10.245.1.2" }),
      apiPod("failed", { phase: "Failed", podIP: "10.245.1.3" }),
      apiPod("host", { phase: "Running", podIP: "10.98.0.11" }, { hostNetwork: true }),
    ];
    expect(addressedPods(pods, none)).toEqual([]);
  });

  it("include those whose node has told their address before the API knows it", () => {
    const announced = new Map([["uid-new", "10.245.1.9"]]);
    expect(names(addressedPods([apiPod("new", { phase: "Pending" })], announced))).toEqual(["new 10.245.1.9"]);
  });

  it("have it alone: whom the node names, else who was started last", () => {
    const old = apiPod("old", { phase: "Running", podIP: "10.245.1.2", startTime: new Date("2026-01-01T10:00:00Z") });
    const young = apiPod("young", {
      phase: "Running",
      podIP: "10.245.1.2",
      startTime: new Date("2026-01-01T11:00:00Z"),
    });
    expect(names(addressedPods([young, old], none))).toEqual(["young 10.245.1.2"]);
    const announced = new Map([["uid-old", "10.245.1.2"]]);
    expect(names(addressedPods([young, old], announced))).toEqual(["old 10.245.1.2"]);
  });

  it("bring the names of their ports, also of containers that stay beside", () => {
    const ports = (name: string, containerPort: number) => [{ name, containerPort }, { containerPort: 1 }];
    const containers = [{ name: "main", ports: ports("sql", 5432) }];
    const initContainers = [{ name: "beside", restartPolicy: "Always", ports: ports("metrics", 9187) }];
    const [found] = addressedPods(
      [apiPod("p", { phase: "Running", podIP: "10.245.1.2" }, { containers, initContainers })],
      none,
    );
    expect(found?.ports).toEqual([
      { name: "sql", protocol: "TCP", port: 5432 },
      { name: "metrics", protocol: "TCP", port: 9187 },
    ]);
  });
});
