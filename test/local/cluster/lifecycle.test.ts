import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiextensionsV1Api, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { clusterStatus, startCluster, stopCluster, type ClusterStatus } from "../../../local/cluster/index.ts";
import { readSettings } from "../../../local/cluster/layout.ts";
import { processIdentity } from "../../../local/cluster/process/identity.ts";
import { isPortFree } from "../../../local/cluster/process/ports.ts";
import { binDir, clusterTimeout, eventually } from "../../support/cluster.ts";

const dir = mkdtempSync(join(tmpdir(), "dify-ha-lifecycle-"));
const start = (ports?: "free") => startCluster({ dir, binDir, ...(ports && { ports }) });
const core = (): CoreV1Api => {
  const config = new KubeConfig();
  config.loadFromFile(join(dir, "kubeconfig"));
  return config.makeApiClient(CoreV1Api);
};

async function status(): Promise<ClusterStatus> {
  const found = await clusterStatus(dir);
  if (!found) throw new Error(`no cluster in ${dir}`);
  return found;
}
const pids = async () => Object.fromEntries((await status()).processes.map(({ name, pid }) => [name, pid]));
const ports = () => Object.values(readSettings(dir)?.ports ?? {}) as number[];

vi.setConfig({ testTimeout: clusterTimeout });

beforeAll(async () => {
  await start("free");
  const body = { metadata: { name: "kept" }, stringData: { password: "not-for-the-log" } };
  await core().createNamespacedSecret({ namespace: "default", body });
}, clusterTimeout);
afterAll(async () => {
  await stopCluster(dir);
  rmSync(dir, { recursive: true, force: true });
});

describe("a started cluster", () => {
  it("is healthy, with two ready nodes in each of three zones", async () => {
    const { healthy, nodes } = await status();
    expect(healthy).toBe(true);
    expect(nodes.every(({ ready }) => ready)).toBe(true);
    expect(nodes.map(({ zone }) => zone).sort()).toEqual(["a", "a", "b", "b", "c", "c"]);
  });

  it("serves the custom resources of Velero, volume snapshots and the Prometheus operator", async () => {
    const config = new KubeConfig();
    config.loadFromFile(join(dir, "kubeconfig"));
    const { items } = await config.makeApiClient(ApiextensionsV1Api).listCustomResourceDefinition();
    const established = items
      .filter(({ status }) =>
        status?.conditions?.some(({ type, status }) => type === "Established" && status === "True"),
      )
      .map(({ metadata }) => metadata?.name);
    expect(established).toEqual(
      expect.arrayContaining([
        "backups.velero.io",
        "datauploads.velero.io",
        "schedules.velero.io",
        "volumesnapshotclasses.snapshot.storage.k8s.io",
        "prometheusrules.monitoring.coreos.com",
        "servicemonitors.monitoring.coreos.com",
      ]),
    );
  });

  it("refuses whoever does not say who he is", async () => {
    const code = await new Promise<number | undefined>((resolve, reject) => {
      const { apiServer: port = 0 } = readSettings(dir)?.ports ?? {};
      const ca = readFileSync(join(dir, "pki", "ca.crt"));
      request({ host: "127.0.0.1", port, path: "/api/v1/namespaces", ca }, (answer) => resolve(answer.statusCode))
        .once("error", reject)
        .end();
    });
    expect(code).toBe(401);
  });

  it("gives its kubeconfig to its owner only", () => {
    expect(statSync(join(dir, "kubeconfig")).mode & 0o777).toBe(0o600);
  });

  it("writes down who did what, and nothing of a Secret's content", async () => {
    const log = await eventually(
      () => Promise.resolve(readFileSync(join(dir, "log", "audit.log"), "utf8")),
      (text) => text.includes('"name":"kept"'),
    );
    expect(log).not.toContain("not-for-the-log");
  });

  it("is left alone by a second start", async () => {
    const before = await pids();
    await start();
    expect(await pids()).toEqual(before);
  });

  it("refuses a second cluster on its ports, in one line", async () => {
    const other = mkdtempSync(join(tmpdir(), "dify-ha-other-"));
    const { ports } = readSettings(dir) ?? {};
    if (!ports) throw new Error("no settings");
    const { etcd } = await pids();
    await expect(startCluster({ dir: other, binDir, ports })).rejects.toThrow(
      `Port ${ports.etcd} of 127.0.0.1, needed by etcd, is in use by pid ${etcd} (etcd): stop it first.`,
    );
    rmSync(other, { recursive: true });
  });
});

describe("a cluster that lost a part", () => {
  it.each(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"])(
    "gets a killed %s back, keeps the rest and its data, and works",
    async (name) => {
      const before = await pids();
      process.kill(before[name] ?? 0, "SIGKILL");
      await eventually(
        () => Promise.resolve(processIdentity(before[name] ?? 0)),
        (identity) => identity === undefined,
      );
      expect((await status()).healthy).toBe(false);
      await start();
      const after = await pids();
      expect(after).toEqual({ ...before, [name]: expect.any(Number) as number });
      expect(after[name]).not.toBe(before[name]);
      await expect(core().readNamespacedSecret({ name: "kept", namespace: "default" })).resolves.toBeDefined();
      await runPod(`after-${name}`);
    },
  );
});

/** Passes through API server, etcd, admission, scheduler and node; its ServiceAccount token through the controller manager. */
async function runPod(name: string): Promise<void> {
  const body = { metadata: { name }, spec: { containers: [{ name: "main", image: "example.com/main:1" }] } };
  await core().createNamespacedPod({ namespace: "default", body });
  await eventually(
    async () => (await core().readNamespacedPod({ name, namespace: "default" })).status?.phase,
    (phase) => phase === "Running",
  );
}

describe("where there is no cluster", () => {
  it("there is no status, and nothing to stop", async () => {
    const nowhere = join(dir, "nowhere");
    expect(await clusterStatus(nowhere)).toBeUndefined();
    await stopCluster(nowhere);
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe("a stopped cluster", () => {
  it("leaves no process and no port, and keeps its data for the next start", async () => {
    const before = Object.values(await pids());
    await stopCluster(dir);
    expect(before.map((pid) => processIdentity(pid ?? 0))).toEqual(before.map(() => undefined));
    expect(await Promise.all(ports().map(isPortFree))).toEqual(ports().map(() => true));
    expect(await status()).toMatchObject({ healthy: false, nodes: [] });
    await stopCluster(dir);
    await start();
    await expect(core().readNamespacedSecret({ name: "kept", namespace: "default" })).resolves.toBeDefined();
    await runPod("after-restart");
  });
});
