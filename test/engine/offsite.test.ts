import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolchainFolder } from "../../local/paths.ts";
import { compilePolicies, policyArguments } from "../../local/pulumi/policies.ts";
import { ensureStack, openWorkspace, runPulumi, stackArguments, type Workspace } from "../../local/pulumi/workspace.ts";

let folder: string;
let workspace: Workspace;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offsite-"));
  workspace = await openWorkspace({
    // Ours, whatever is installed: with it comes the plugin that previews without credentials.
    engine: { kind: "built", folder: join(toolchainFolder, "engine"), version: "3.259.0" },
    folder,
    kubeconfig: "none",
    program: join(import.meta.dirname, "offsite"),
  });
  await compilePolicies();
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

async function pulumi(stack: string, command: readonly string[], environment: string) {
  await ensureStack(workspace, stack);
  const args = [...command, "--non-interactive", ...policyArguments(environment), ...stackArguments(workspace, stack)];
  const { exitCode, stdout, stderr } = await runPulumi(workspace, args);
  return { exitCode, stdout, output: `${stdout}\n${stderr}` };
}

describe("an off site on AWS, with the real engine and no credentials", { timeout: 120_000 }, () => {
  it("is previewed, and judged as a whole before anything is made", async () => {
    const { exitCode, output } = await pulumi("aws", ["preview"], "prod");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/aws:s3:BucketReplicationConfig\s+offsite-catalogue\s+create/);
    expect(output).toMatch(/aws:cloudtrail:Trail\s+offsite-trail\s+create/);
    // Every document that a rule reads is known before its keys and users are.
    expect(output).not.toMatch(/can't (run|be known)/);
  });

  it("is made by a provider of each region", async () => {
    const { stdout } = await pulumi("aws", ["preview", "--json"], "prod");
    const { steps } = JSON.parse(stdout) as {
      readonly steps: readonly { readonly urn: string; readonly provider?: string }[];
    };
    const providerOf = (name: string) =>
      steps.find(({ urn }) => urn.endsWith(`aws:s3/bucket:Bucket::${name}`))?.provider;
    expect(providerOf("offsite-backups")).toMatch(/pulumi:providers:aws::offsite::/);
    expect(providerOf("offsite-replica-backups")).toMatch(/pulumi:providers:aws::offsite-replica::/);
  });

  it("passes where its locks are long enough, and is refused where they are not", async () => {
    const staging = await pulumi("short", ["preview"], "staging");
    expect(staging.exitCode, staging.output).toBe(0);
    const { exitCode, output } = await pulumi("short", ["preview"], "prod");
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/\[mandatory\].* backup-bucket-lock /);
    expect(output).toContain("locks backups for 8 days; the policy asks for 30");
  });

  it("cannot be made by the plugin that previews", async () => {
    const { exitCode, output } = await pulumi("aws", ["up", "--yes", "--skip-preview"], "prod");
    expect(exitCode).not.toBe(0);
    expect(output).toContain("this plugin only previews");
  });
});
