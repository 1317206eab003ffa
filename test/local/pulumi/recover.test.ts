import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppsV1Api } from "@kubernetes/client-node";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolchainFolder } from "../../../local/paths.ts";
import { ensureEngine } from "../../../local/pulumi/engine.ts";
import { recoverStack } from "../../../local/pulumi/recover.ts";
import {
  ensureStack,
  openWorkspace,
  runPulumi,
  stackArguments,
  type Workspace,
} from "../../../local/pulumi/workspace.ts";
import { clusterTimeout, eventually, testCluster, testNamespace, type TestCluster } from "../../support/cluster.ts";

describe("a stack whose run was killed", { timeout: 120_000 }, () => {
  let folder: string;
  let cluster: TestCluster;
  let workspace: Workspace;
  let locks: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dify-ha-recover-"));
    cluster = await testCluster();
    workspace = await openWorkspace({
      engine: await ensureEngine(toolchainFolder, () => undefined),
      folder,
      kubeconfig: cluster.kubeconfig,
      program: join(import.meta.dirname, "program"),
    });
    locks = join(folder, "state", ".pulumi", "locks", "organization", "workspace-test", "dev");
    await ensureStack(workspace, "dev");
  }, clusterTimeout);
  afterAll(() => rm(folder, { recursive: true }));

  const upArguments = (settings: Record<string, string>): string[] => [
    ...["up", "--yes", "--skip-preview", "--non-interactive"],
    ...Object.entries(settings).flatMap(([key, value]) => ["--config", `workspace-test:${key}=${value}`]),
    ...stackArguments(workspace, "dev"),
  ];

  it("goes up again: the lock is gone, and what was being created is taken over", async () => {
    const namespace = await testNamespace(cluster);
    const apps = cluster.config.makeApiClient(AppsV1Api);
    const running = execa(join(workspace.engine.folder, "pulumi"), upArguments({ namespace, hold: "true" }), {
      cwd: workspace.program,
      extendEnv: false,
      env: workspace.env,
      reject: false,
    });
    const deployments = () => apps.listNamespacedDeployment({ namespace });
    const before = (await eventually(deployments, ({ items }) => items.length === 1, 60)).items[0];
    running.kill("SIGKILL");
    await running;
    expect((await readdir(locks)).filter((file) => file.endsWith(".json"))).toHaveLength(1);

    await recoverStack(workspace, "dev", () => undefined);
    const { exitCode, stdout, stderr } = await runPulumi(workspace, upArguments({ namespace, hold: "false" }));
    expect(exitCode, stdout + stderr).toBe(0);
    expect((await deployments()).items.map(({ metadata }) => metadata?.uid)).toEqual([before?.metadata?.uid]);
  });

  it("is not touched while its run goes on", async () => {
    await mkdir(locks, { recursive: true });
    // A process that calls itself as Pulumi does.
    const busy = execa("sh", ["-c", "printf pulumi >/proc/$$/comm; read -r _"], { reject: false });
    await writeFile(join(locks, "held.json"), JSON.stringify({ pid: busy.pid, timestamp: "2026-01-01T00:00:00Z" }));
    try {
      await expect(recoverStack(workspace, "dev", () => undefined)).rejects.toThrow(
        new RegExp(`pulumi \\(process ${busy.pid}\\) has been working on stack dev since 2026-01-01`),
      );
      expect(await readdir(locks)).toContain("held.json");
    } finally {
      busy.kill();
      await busy;
      await rm(join(locks, "held.json"));
    }
  });
});
