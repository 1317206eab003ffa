import { totalmem } from "node:os";
import { parse } from "yaml";
import { expect, it } from "vitest";
import { kubeletArguments, nodeFiles } from "../../../../../local/cluster/nodes/real/configuration.ts";
import { realNodesOf } from "../../../../../local/cluster/nodes/real/topology.ts";

const nodes = realNodesOf(import.meta.dirname);

it("gives no two nodes an address, a name, a network or a control group in common", () => {
  for (const field of ["name", "address", "podCidr", "netns", "cgroup", "folder", "zone"] as const)
    expect(new Set(nodes.map((node) => node[field])).size).toBe(nodes.length);
});

it("promises pods no more memory than the machine has, over all nodes", () => {
  const left = nodes.map((node) => {
    const { systemReserved } = parse(nodeFiles(node, "pause:1")["kubelet.yaml"] ?? "") as {
      systemReserved: { memory: string };
    };
    return totalmem() / 2 ** 20 - parseInt(systemReserved.memory);
  });
  expect(left.reduce((a, b) => a + b)).toBeLessThanOrEqual(totalmem() / 2 ** 20 + nodes.length);
});

it("tells the cluster a node's zone", () => {
  const [first] = nodes;
  expect(first && kubeletArguments(first, {}).join(" ")).toContain("topology.kubernetes.io/zone=a");
});
