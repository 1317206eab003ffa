import { CoreV1Api, NetworkingV1Api, PatchStrategy, setHeaderOptions, type V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { ensureIdentity } from "../../../../../../local/cluster/pki/index.ts";
import { findFreePorts } from "../../../../../../local/cluster/process/ports.ts";
import {
  binDir,
  clusterTimeout,
  eventually as eventuallyWithin,
  testCluster,
  testNamespace,
  type TestCluster,
} from "../../../../../support/cluster.ts";
import { usesDebian } from "../../../../../support/debian.ts";
import { BareNode } from "./bareNode.ts";
import { PodNetwork } from "./podNetwork.ts";
import { node } from "./sample.ts";

vi.setConfig({ testTimeout: clusterTimeout });
usesDebian();

const clusterSources = join(import.meta.dirname, "../../../../../../local/cluster");
const agentSources = join(clusterSources, "nodes/real/agent");
const [first, second, third] = ["10.245.1.2", "10.245.1.3", "10.245.1.4"] as const;
const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

/** The agent answers within a second; a machine that is busy with other things takes its time. */
const eventually = <T>(ask: () => Promise<T>, isRight: (answer: T) => boolean) => eventuallyWithin(ask, isRight, 120);

let cluster: TestCluster;
let namespace: string;
let core: CoreV1Api;
let network: PodNetwork;
let bare: BareNode;
let kubeconfig: string;
let ports: { readonly apiServer: number; readonly forwarder: number };
/** What all of its runs have printed. */
let output = "";
let agent: ReturnType<typeof startAgent>;
/** The way to the API server, so that it can be cut. */
let forwarder: ReturnType<typeof startForwarder>;

function startAgent() {
  const options = ["--dir", bare.dir, "--kubeconfig", kubeconfig];
  const started = execa(process.execPath, [join(agentSources, "main.ts"), ...options], { reject: false, all: true });
  started.all.on("data", (text: Buffer) => (output += text.toString()));
  return started;
}
const startForwarder = () =>
  execa(process.execPath, [join(clusterSources, "forward.ts"), `${ports.forwarder}`, `${ports.apiServer}`], {
    reject: false,
  });

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await testNamespace(cluster);
  core = cluster.config.makeApiClient(CoreV1Api);
  await execa(join(binDir, "kubectl"), ["apply", "--filename", join(agentSources, "agent.yaml")], {
    env: { KUBECONFIG: cluster.kubeconfig },
  });
  await core.createNode({ body: { metadata: { name: node.name } } });
  const [forwarderPort = 0] = await findFreePorts(1);
  const apiServer = Number(new URL(cluster.config.getCurrentCluster()?.server ?? "").port);
  ports = { apiServer, forwarder: forwarderPort };
  const server = { host: "127.0.0.1", port: ports.forwarder };
  const identity = await ensureIdentity(
    inject("testClusterDir"),
    "node-agent",
    { commonName: "dify-ha:node-agent" },
    server,
  );
  kubeconfig = identity.kubeconfig;
  network = await PodNetwork.open([first, second, third]);
  bare = new BareNode(network.netns);
  await bare.start();
  forwarder = startForwarder();
  agent = startAgent();
}, clusterTimeout);

afterAll(async () => {
  agent.kill("SIGKILL");
  forwarder.kill();
  await Promise.all([network.close(), bare.remove(), core.deleteNode({ name: node.name })]);
});

async function createPod(name: string, address?: string): Promise<V1Pod> {
  const body = {
    metadata: { name, labels: { app: name } },
    spec: { nodeName: node.name, containers: [{ name: "main", image: "example.com/main:1" }] },
  };
  const created = await core.createNamespacedPod({ namespace, body });
  if (address) {
    const status = { status: { phase: "Running", podIP: address, podIPs: [{ ip: address }] } };
    await core.patchNamespacedPodStatus({ namespace, name, body: status }, mergePatch);
  }
  return created;
}
const becomes = (from: string, to: string, wanted: boolean) =>
  eventually(
    () => network.reaches(from, to, 5432),
    (answer) => answer === wanted,
  );

describe("pods of a real node", () => {
  it("are held to policies as they come and go, and nothing is let through before they are known", async () => {
    await becomes(first, second, false);
    await createPod("first", first);
    await createPod("second", second);
    await becomes(first, second, true);
    const networking = cluster.config.makeApiClient(NetworkingV1Api);
    const spec = { podSelector: {}, policyTypes: ["Ingress"] };
    const rule = { _from: [{ podSelector: { matchLabels: { app: "third" } } }] };
    await networking.createNamespacedNetworkPolicy({ namespace, body: { metadata: { name: "deny" }, spec } });
    await becomes(first, second, false);
    const allow = { metadata: { name: "allow" }, spec: { ...spec, ingress: [rule] } };
    await networking.createNamespacedNetworkPolicy({ namespace, body: allow });
    expect(await network.reaches(third, second, 5432)).toBe(false);

    // The node knows the address of a pod before the API does.
    const { metadata } = await createPod("third");
    const config = JSON.stringify({ annotations: { "io.kubernetes.cri.sandbox-uid": metadata?.uid } });
    const sandbox = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/sandbox-3";
    const lines = [
      `mkdir -p ${sandbox} /run/cni-addresses/pods`,
      `printf 'sandbox-3\\r\\neth0' >/run/cni-addresses/pods/${third}`,
      `echo '${config}' >${sandbox}/config.json`,
    ];
    await bare.run("sh", "-ec", lines.join("\n"));
    await becomes(third, second, true);

    await networking.deleteNamespacedNetworkPolicy({ namespace, name: "deny" });
    await networking.deleteNamespacedNetworkPolicy({ namespace, name: "allow" });
    await becomes(first, second, true);
  });

  it("stay as free as they were while the API server is away, and follow it again", async () => {
    forwarder.kill();
    await forwarder;
    try {
      await core.deleteNamespacedPod({ namespace, name: "first", gracePeriodSeconds: 0 });
      expect(await network.reaches(first, second, 5432)).toBe(true);
    } finally {
      forwarder = startForwarder();
    }
    await becomes(first, second, false);
  });
});

describe("a claim whose pod goes to a real node", () => {
  const claimOf = (name: string) => core.readNamespacedPersistentVolumeClaim({ namespace, name });
  const createClaim = (name: string, accessMode = "ReadWriteOnce") =>
    core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: {
        // As the scheduler does when it has chosen a node.
        metadata: { name, annotations: { "volume.kubernetes.io/selected-node": node.name } },
        spec: { accessModes: [accessMode], resources: { requests: { storage: "64Mi" } } },
      },
    });
  const bound = async (name: string): Promise<string> => {
    const claim = await eventually(
      () => claimOf(name),
      ({ status }) => status?.phase === "Bound",
    );
    return claim.spec?.volumeName ?? "";
  };
  const volumesOnNode = async () => (await bare.run("ls", "/var/lib/dify-ha/volumes")).split("\n");

  it("is bound to a file system there, which grows with it and goes with it", async () => {
    await createClaim("data");
    const name = await bound("data");
    expect(await bare.run("findmnt", "-n", "-o", "FSTYPE", `/var/lib/dify-ha/volumes/${name}`)).toBe("ext4");
    const volume = await core.readPersistentVolume({ name });
    expect(volume.spec).toMatchObject({
      capacity: { storage: "64Mi" },
      local: { path: `/var/lib/dify-ha/volumes/${name}` },
    });

    const body = { spec: { resources: { requests: { storage: "256Mi" } } } };
    await core.patchNamespacedPersistentVolumeClaim({ namespace, name: "data", body }, mergePatch);
    await eventually(
      () => claimOf("data"),
      ({ status }) => status?.capacity?.["storage"] === "256Mi",
    );
    const size = await bare.run("findmnt", "-n", "-b", "-o", "SIZE", `/var/lib/dify-ha/volumes/${name}`);
    expect(Number(size) / 1024 / 1024).toBeGreaterThan(200);

    await core.deleteNamespacedPersistentVolumeClaim({ namespace, name: "data" });
    await eventually(
      async () => (await core.listPersistentVolume()).items.map(({ metadata }) => metadata?.name),
      (names) => !names.includes(name),
    );
    expect(await volumesOnNode()).not.toContain(name);
  });

  it("is served also when it came or went while nobody looked", async () => {
    await createClaim("early");
    const early = await bound("early");
    agent.kill("SIGKILL");
    await agent;
    await createClaim("late");
    await core.deleteNamespacedPersistentVolumeClaim({ namespace, name: "early" });
    agent = startAgent();
    expect(await volumesOnNode()).toContain(early);
    const late = await bound("late");
    await eventually(volumesOnNode, (names) => !names.includes(early) && names.includes(late));
  });

  it("waits, and the log says why, when it wants what a node's disk cannot be", async () => {
    await createClaim("shared", "ReadWriteMany");
    await eventually(
      () => Promise.resolve(output),
      (text) => text.includes("shared: volumes of real nodes are file systems for one node, not ReadWriteMany"),
    );
    expect((await claimOf("shared")).status?.phase).toBe("Pending");
  });
});

describe("the agent", () => {
  it("ends when it is told to", async () => {
    agent.kill("SIGTERM");
    expect((await agent).exitCode).toBe(0);
  });

  it("does not start without its nodes, and says what is missing", async () => {
    const dir = mkdtempSync(join(tmpdir(), "dify-ha-no-nodes-"));
    const options = ["--dir", dir, "--kubeconfig", kubeconfig];
    const { exitCode, stderr } = await execa(process.execPath, [join(agentSources, "main.ts"), ...options], {
      reject: false,
    });
    rmSync(dir, { recursive: true });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("real-nodes.json")]);
  });
});
