import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { CoreV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, toolchainFolder } from "../../local/paths.ts";
import { ensureStack, openWorkspace, stackArguments, type Workspace } from "../../local/pulumi/workspace.ts";
import { clusterTimeout, testCluster, type TestCluster } from "../support/cluster.ts";

const timeout = 900_000;
const withoutPulumi = { PATH: "/usr/bin:/bin" };

let folder: string;
let cluster: TestCluster;
let workspace: Workspace;

beforeAll(async () => {
  cluster = await testCluster();
  folder = await mkdtemp(join(tmpdir(), "dify-ha-deploy-"));
  // Ours in place of the official one: the command takes whatever is on PATH.
  const engine = { kind: "built", folder: join(toolchainFolder, "engine"), version: "3.259.0" } as const;
  workspace = await openWorkspace({ engine, folder, kubeconfig: cluster.kubeconfig });
  await ensureStack(workspace, "local");
}, 2 * clusterTimeout);
afterAll(() => rm(folder, { recursive: true }));

/** As a pipeline calls it: without a terminal. The settings file has the salt of the test's backend, which the committed one must not get. */
async function run(command: string, stack: string, env: Record<string, string> = {}) {
  const settings = stack === "local" ? ["--", ...stackArguments(workspace, stack).slice(2)] : [];
  const path = [workspace.engine.folder, process.env["PATH"]].join(delimiter);
  const { exitCode, all } = await execa(
    process.execPath,
    [join(repository, "deploy", "command.ts"), command, stack, ...settings],
    { all: true, reject: false, stdin: "ignore", extendEnv: false, env: { ...workspace.env, PATH: path, ...env } },
  );
  return { exitCode, output: all };
}

// Each step starts from what the one before it left.
describe("make plan, deploy and drift", { timeout }, () => {
  it("shows what would be made, with the policies on", async () => {
    const { exitCode, output } = await run("plan", "local");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/\+ \d+ to create/);
    expect(output).toMatch(/Policies:[^]*dify-ha/);
  });

  it("deploys without a question where nobody can be asked", async () => {
    const { exitCode, output } = await run("up", "local");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/\+ \d+ created/);
  });

  it("finds no drift where there is none", async () => {
    const { exitCode, output } = await run("drift", "local");
    expect(exitCode, output).toBe(0);
  });

  it("finds what somebody changed by hand, and changes nothing", async () => {
    const core = cluster.config.makeApiClient(CoreV1Api);
    const configuration = { name: "redis-config", namespace: "dify-data" };
    const [file = ""] = Object.keys((await core.readNamespacedConfigMap(configuration)).data ?? {});
    await core.patchNamespacedConfigMap(
      { ...configuration, body: { data: { [file]: "by hand" } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
    const { exitCode, output } = await run("drift", "local");
    expect(exitCode, output).toBe(1);
    expect(output).toContain("redis-config");
    expect(output).toContain("pulumi preview of stack local did not end well");
    expect((await core.readNamespacedConfigMap(configuration)).data?.[file]).toBe("by hand");
  });

  it.each([
    ["a stack that is not there", "nope", {}, 'There is no stack "nope" here'],
    ["a machine without Pulumi", "staging", withoutPulumi, "There is no pulumi on PATH: install Pulumi 3.255 or later"],
    ["no kubeconfig", "staging", { KUBECONFIG: "/nowhere" }, "KUBECONFIG"],
  ])("refuses %s in one line", async (_, stack, env, message) => {
    const { exitCode, output } = await run("plan", stack, env);
    expect(exitCode).toBe(1);
    expect(output).toContain(message);
    expect(output.split("\n")).toHaveLength(1);
  });

  it("says that the cluster does not answer, where a preview would list everything as new", async () => {
    const dead = join(folder, "dead.yaml");
    await execa("cp", [cluster.kubeconfig, dead]);
    await execa("sed", ["-i", "s|server: .*|server: https://127.0.0.1:1|", dead]);
    const { exitCode, output } = await run("plan", "staging", { KUBECONFIG: dead });
    expect({ exitCode, output }).toEqual({
      exitCode: 1,
      output: expect.stringMatching(
        /^Nothing was changed: the cluster https:\/\/127\.0\.0\.1:1 does not answer: /,
      ) as string,
    });
  });
});
