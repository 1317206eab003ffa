import { cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, toolchainFolder } from "../../../local/paths.ts";
import { ensureEngine } from "../../../local/pulumi/engine.ts";
import {
  ensureStack,
  openWorkspace,
  runPulumi,
  stackArguments,
  type Workspace,
} from "../../../local/pulumi/workspace.ts";

describe("a workspace", { timeout: 120_000 }, () => {
  let folder: string;
  let program: string;
  let workspace: Workspace;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dify-ha-workspace-"));
    program = join(folder, "program");
    await cp(join(import.meta.dirname, "program"), program, { recursive: true });
    await writeFile(join(program, "package.json"), '{ "type": "module" }');
    await symlink(join(repository, "node_modules"), join(program, "node_modules"));
    process.env["PULUMI_STACK"] = "someone-elses";
    workspace = await openWorkspace({
      engine: await ensureEngine(toolchainFolder, () => undefined),
      folder: join(folder, "pulumi"),
      kubeconfig: join(folder, "none"),
      program,
    });
    delete process.env["PULUMI_STACK"];
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  const up = async () => {
    await ensureStack(workspace, "dev");
    const args = ["up", "--yes", "--skip-preview", "--non-interactive", ...stackArguments(workspace, "dev")];
    const { exitCode, stdout, stderr } = await runPulumi(workspace, args);
    expect(exitCode, stdout + stderr).toBe(0);
    return stdout;
  };

  it("deploys a stack and leaves the committed settings as they are", async () => {
    const before = await readFile(join(program, "Pulumi.dev.yaml"), "utf8");
    expect(await up()).toContain("2 created");
    expect(await readFile(join(program, "Pulumi.dev.yaml"), "utf8")).toBe(before);
  });

  it("follows the committed settings and keeps what was sealed", async () => {
    const password = async () =>
      (await runPulumi(workspace, ["stack", "output", "password", "--show-secrets", "--stack", "dev"])).stdout;
    const before = await password();
    await writeFile(join(program, "Pulumi.dev.yaml"), "config:\n  workspace-test:greeting: good evening\n");
    const output = await up();
    expect(output).toContain("good evening");
    expect(output).toContain("password: [secret]");
    expect(before).toHaveLength(20);
    expect(await password()).toBe(before);
  });

  it("adapts the settings that it is told are other here", async () => {
    const settings = "config:\n  a:placed:\n    nodes: { selector: { ours: yes } }\n    kept: 1\n";
    await writeFile(join(program, "Pulumi.placed.yaml"), settings);
    await ensureStack(workspace, "placed", [
      { path: ["a:placed", "nodes"] },
      { path: ["a:placed", "ports"], value: [1] },
    ]);
    const followed = await readFile(join(workspace.folder, "settings", "Pulumi.placed.yaml"), "utf8");
    expect(followed).toContain("kept: 1");
    expect(followed).not.toContain("nodes");
    expect(followed).toMatch(/ports:\s+- 1/);
  });

  it("keeps its passphrase from others", async () => {
    expect((await stat(join(workspace.folder, "passphrase"))).mode & 0o777).toBe(0o600);
  });

  it("does not see which stack the user has selected elsewhere", () => {
    expect(workspace.env).not.toHaveProperty("PULUMI_STACK");
  });

  it("refuses settings that were sealed by another backend, in one line", async () => {
    await writeFile(join(program, "Pulumi.sealed.yaml"), "encryptionsalt: v1:abc\n");
    await expect(ensureStack(workspace, "sealed")).rejects.toThrow(/^Pulumi\.sealed\.yaml holds secrets .*there\.$/);
  });
});
