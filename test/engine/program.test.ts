import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import { parseDocument } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolchainFolder } from "../../local/paths.ts";
import { ensureEngine } from "../../local/pulumi/engine.ts";
import { compilePolicies, policyArguments } from "../../local/pulumi/policies.ts";
import { ensureStack, openWorkspace, runPulumi, stackArguments, type Workspace } from "../../local/pulumi/workspace.ts";
import { clusterTimeout, testCluster, type TestCluster } from "../support/cluster.ts";

let cluster: TestCluster;
let folder: string;
let workspace: Workspace;

beforeAll(async () => {
  cluster = await testCluster();
  folder = await mkdtemp(join(tmpdir(), "program-"));
  const engine = await ensureEngine(toolchainFolder, () => undefined);
  workspace = await openWorkspace({ engine, folder, kubeconfig: cluster.kubeconfig });
  await compilePolicies();
}, clusterTimeout);
afterAll(() => rm(folder, { recursive: true }));

/** The settings of Pulumi.local.yaml, with some of them changed: dotted paths below a section. */
async function settings(changes: Readonly<Record<string, unknown>>): Promise<void> {
  await ensureStack(workspace, "local");
  const file = stackArguments(workspace, "local").at(-1) ?? "";
  const document = parseDocument(await readFile(file, "utf8"));
  for (const [path, value] of Object.entries(changes)) {
    const [section, ...keys] = path.split(".");
    document.setIn(["config", `dify-ha:${section}`, ...keys], value);
  }
  await writeFile(file, document.toString());
}

/** Runs a command on the stack, with the policies of an environment where it knows policies. */
async function pulumi(command: "up" | "preview" | "destroy", options: readonly string[] = [], environment = "local") {
  const policies = command === "destroy" ? [] : policyArguments(environment);
  const yes = command === "preview" ? [] : ["--yes", "--skip-preview"];
  const args = [command, "--non-interactive", ...yes, ...options, ...policies, ...stackArguments(workspace, "local")];
  const { exitCode, stdout, stderr } = await runPulumi(workspace, args);
  return { exitCode, output: `${stdout}\n${stderr}` };
}

interface Step {
  readonly op: string;
  readonly urn: string;
}

/** What an update would do to resources of providers, a line each: "update Deployment api". */
async function planned(): Promise<string[]> {
  const args = ["preview", "--json", ...policyArguments("local"), ...stackArguments(workspace, "local")];
  const { stdout } = await runPulumi(workspace, args);
  const { steps } = JSON.parse(stdout) as { steps: readonly Step[] };
  return steps
    .filter(({ op, urn }) => op !== "same" && !urn.split("::")[2]?.split("$").at(-1)?.startsWith("dify-ha:"))
    .map(({ op, urn }) => `${op} ${urn.split("::")[2]?.split(":").at(-1)} ${urn.split("::")[3]}`)
    .sort();
}

const state = async () => (await runPulumi(workspace, ["stack", "export", "--stack", "local"])).stdout;

interface StateResource {
  readonly urn: string;
  readonly id?: string;
  readonly modified?: string;
}

async function stateResources(): Promise<readonly StateResource[]> {
  return (JSON.parse(await state()) as { deployment: { resources: readonly StateResource[] } }).deployment.resources;
}

/** When each resource was last changed: secrets are sealed anew at each run, so the state as a whole always differs. */
const lastChanges = async () => (await stateResources()).map(({ urn, id, modified }) => ({ urn, id, modified }));

const urns = async () => (await stateResources()).map(({ urn }) => urn);

// Each step starts from what the one before it left.
describe("stack local on a real control plane", { timeout: 400_000 }, () => {
  it("comes up with the policies on", async () => {
    await settings({});
    const { exitCode, output } = await pulumi("up");
    expect(exitCode, output).toBe(0);
    const { items } = await cluster.config.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace: "dify" });
    expect(items.map(({ status }) => status?.readyReplicas ?? 0).every((ready) => ready > 0)).toBe(true);
  });

  it("stays as it is at the second up", async () => expect(await planned()).toEqual([]));

  it("keeps every password and key out of the state", async () => {
    const { stdout } = await runPulumi(workspace, ["stack", "output", "--show-secrets", "--json", "--stack", "local"]);
    const outputs = JSON.parse(stdout) as Record<string, unknown>;
    const secrets = Object.entries(outputs).filter(([name]) => /Password|SecretKey/.test(name));
    expect(secrets.length).toBeGreaterThan(3);
    const exported = await state();
    for (const [name, value] of secrets) expect(exported.includes(String(value)), name).toBe(false);
    expect(exported).not.toContain("PRIVATE KEY");
  });

  it("plans for a changed setting exactly what reads it", async () => {
    await settings({ "dify.logLevel": "DEBUG" });
    expect(await planned()).toEqual([
      "update ConfigMap dify-environment",
      "update Deployment api",
      "update Deployment beat",
      "update Deployment websocket",
      "update Deployment worker",
    ]);
  });

  it("plans what brings kinds of its own, in a cluster that knows none of them", async () => {
    await settings({ "backup.velero": { enabled: true } });
    expect(await planned()).toEqual(
      expect.arrayContaining([
        "create BackupStorageLocation velero-cluster",
        "create Schedule velero-daily",
        "create Schedule velero-weekly",
      ]),
    );
  });

  it("is not touched by settings that are wrong", async () => {
    const before = await lastChanges();
    await settings({ "redis.members": 4, "dify.version": "0.1.0" });
    const { exitCode, output } = await pulumi("up");
    expect(exitCode).not.toBe(0);
    expect(output).toContain('2 settings are wrong in stack "local", nothing was changed');
    expect(output).not.toContain("    at ");
    expect(await lastChanges()).toEqual(before);
  });

  it.each([
    ["backup-bucket-lock", {}, "prod"],
    ["incremental-backup-hourly", { "backup.postgres.incremental": "30 */2 * * *" }, "local"],
    ["redis-snapshot-gap", { "backup.redis.rdb": "0 */8 * * *" }, "local"],
    ["restore-drills", { "drills.enabled": false }, "local"],
  ])("is not touched by what %s refuses", async (rule, changes, environment) => {
    const before = await lastChanges();
    await settings(changes);
    const { exitCode, output } = await pulumi("preview", [], environment);
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(new RegExp(`\\[mandatory\\].* ${rule} `));
    expect(await lastChanges()).toEqual(before);
  });

  it("keeps what is protected when it is destroyed, and goes when nothing is", async () => {
    const core = cluster.config.makeApiClient(CoreV1Api);
    const namespaces = async () =>
      (await core.listNamespace()).items
        .map(({ metadata }) => metadata?.name)
        .filter((name) => name?.startsWith("dify"));
    const [namespace = ""] = (await urns()).filter((urn) => urn.endsWith(":Namespace::dify-data"));
    await runPulumi(workspace, ["state", "protect", namespace, "--yes", "--stack", "local"]);
    const refused = await pulumi("destroy");
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain("protected");
    expect(await namespaces()).toContain("dify-data");

    await runPulumi(workspace, ["state", "unprotect", namespace, "--yes", "--stack", "local"]);
    const { exitCode, output } = await pulumi("destroy");
    expect(exitCode, output).toBe(0);
    expect(await namespaces()).toEqual([]);
  });
});
