import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { clusterStatus, startCluster, stopCluster } from "../../../local/cluster/index.ts";
import { machineFacts, obstacle } from "../../../local/cluster/nodes/real/possible.ts";
import { losePower, restorePower, runOnNode } from "../../../local/cluster/nodes/real/power.ts";
import { clusterId } from "../../../local/cluster/nodes/real/topology.ts";
import { binDir, clusterTimeout, eventually } from "../../support/cluster.ts";

const dir = mkdtempSync(join(tmpdir(), `dify-ha-test-cluster-${process.pid}-real-`));
const id = clusterId(dir);
const pods = join(import.meta.dirname, "pods.yaml");

const kubectl = async (...args: string[]): Promise<string> => {
  const options = ["--kubeconfig", join(dir, "kubeconfig"), "--request-timeout=20s"];
  return (await execa(join(binDir, "kubectl"), [...options, ...args])).stdout;
};
/** A page that one pod reads from another; "" when it cannot. */
const read = async (from: string, url: string): Promise<string> =>
  kubectl("exec", from, "--", "curl", "-s", "--max-time", "3", url).catch(() => "");

/** Whatever carries the cluster's id on the machine. */
function traces(): string[] {
  const groups = readdirSync("/sys/fs/cgroup").map((tree) => join("/sys/fs/cgroup", tree, "dify-ha", id));
  const namespaces = existsSync("/run/netns") ? readdirSync("/run/netns").filter((name) => name.includes(id)) : [];
  return [...groups.filter(existsSync), ...namespaces];
}

vi.setConfig({ testTimeout: clusterTimeout });

describe.skipIf(obstacle(machineFacts()))("a cluster of real nodes", () => {
  beforeAll(async () => {
    await startCluster({ dir, binDir, nodes: "real", ports: "free" });
    await kubectl("apply", "-f", pods);
    await kubectl("rollout", "status", "statefulset/web", "--timeout=120s");
  }, 2 * clusterTimeout);
  afterAll(async () => {
    await stopCluster(dir);
    rmSync(dir, { recursive: true, force: true });
  }, clusterTimeout);

  it("runs a pod in each of three zones", async () => {
    const nodes = await kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].spec.nodeName}");
    expect(nodes.split(" ").sort()).toEqual(["server-a1", "server-b1", "server-c1"]);
  });

  it("leads a pod to any other, by the name of a Service and by its own", async () => {
    for (const target of ["web", "web-0.web-members", "web-1.web-members", "web-2.web-members"])
      await eventually(
        () => read("web-0", `http://${target}:8080/name`),
        (page) => page.startsWith("web-"),
        60,
      );
  });

  it("shows a pod's log", async () => {
    await eventually(
      () => kubectl("logs", "web-1"),
      (log) => log.includes("GET /name"),
    );
  });

  it("holds pods to network policies within seconds", async () => {
    expect(await read("web-0", "http://web-1.web-members:8080/name")).toBe("web-1");
    await kubectl("label", "pod", "web-1", "closed=yes");
    await eventually(
      () => read("web-0", "http://web-1.web-members:8080/name"),
      (page) => page === "",
    );
    await kubectl("label", "pod", "web-1", "closed-");
    await eventually(
      () => read("web-0", "http://web-1.web-members:8080/name"),
      (page) => page === "web-1",
    );
  });

  it("gives a volume the size that was asked for", async () => {
    const size = await kubectl("exec", "web-0", "--", "df", "--output=size", "-m", "/data");
    expect(Number(size.split("\n")[1])).toBeLessThan(64);
  });

  it("keeps a node's volumes over the loss of its power", async () => {
    const node = await kubectl("get", "pod", "web-2", "-o", "jsonpath={.spec.nodeName}");
    await kubectl("exec", "web-2", "--", "sh", "-c", "echo kept >/data/page && sync");
    await losePower(dir, node);
    await expect(runOnNode(dir, node, ["true"])).rejects.toThrow("is off");
    expect(await read("web-0", "http://web-2.web-members:8080/page")).toBe("");
    await restorePower(dir, node);
    await eventually(
      () => read("web-0", "http://web-2.web-members:8080/page"),
      (page) => page === "kept",
      90,
    );
  });

  it("is healthy again, and starting it again changes nothing", async () => {
    await eventually(
      async () => (await clusterStatus(dir))?.healthy,
      (healthy) => healthy === true,
      60,
    );
    const before = await clusterStatus(dir);
    await startCluster({ dir, binDir, nodes: "real", ports: "free" });
    expect((await clusterStatus(dir))?.processes).toEqual(before?.processes);
  });

  it("leaves nothing on the machine, also when a node's own records are gone", async () => {
    expect(traces()).not.toEqual([]);
    rmSync(join(dir, "run", "node-server-a1.json"));
    await stopCluster(dir);
    expect(traces()).toEqual([]);
    expect((await execa("pgrep", ["-f", dir], { reject: false })).stdout).toBe("");
  });
});
