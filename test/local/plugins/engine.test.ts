import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { AppsV1Api, CoreV1Api, CustomObjectsApi, NetworkingV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, toolchainFolder } from "../../../local/paths.ts";
import {
  ensureStack,
  openWorkspace,
  runPulumi,
  stackArguments,
  type Workspace,
} from "../../../local/pulumi/workspace.ts";
import { clusterTimeout, testCluster, type TestCluster } from "../../support/cluster.ts";

const NAMESPACE = "plugins-engine";
/** Resources of the program that are not components or providers. */
const RESOURCES = 25;

let cluster: TestCluster;
let folder: string;
let workspace: Workspace;

beforeAll(async () => {
  cluster = await testCluster();
  folder = await mkdtemp(path.join(tmpdir(), "plugins-engine-"));
  const program = path.join(folder, "program");
  await cp(path.join(import.meta.dirname, "program"), program, { recursive: true });
  await writeFile(path.join(program, "package.json"), '{ "type": "module" }');
  await symlink(path.join(repository, "node_modules"), path.join(program, "node_modules"));
  workspace = await openWorkspace({
    // Ours, whatever is installed: it is our plugins that are tested.
    engine: { kind: "built", folder: path.join(toolchainFolder, "engine"), version: "3.259.0" },
    folder: path.join(folder, "pulumi"),
    kubeconfig: cluster.kubeconfig,
    program,
  });
}, clusterTimeout);
afterAll(() => rm(folder, { recursive: true }));

// Each step starts from what the one before it left.
describe("a program of every kind, with the real engine", { timeout: 180_000 }, () => {
  it("comes up, and stays as it is at the second try", async () => {
    await settings({});
    // With the stack itself and the provider.
    expect((await pulumi("up", "--yes", "--skip-preview")).stdout).toContain(`${RESOURCES + 2} created`);
    expect(await operations()).toEqual({});
    await pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");
  });

  it("keeps what is secret out of the state", async () => {
    const { stdout: password } = await pulumi("stack", "output", "secretPassword", "--show-secrets");
    const { stdout: state } = await pulumi("stack", "export");
    expect(password).toHaveLength(24);
    expect(state).not.toContain(password);
    expect(state).not.toContain(Buffer.from(password).toString("base64"));
    expect(state).not.toContain("PRIVATE KEY");
  });

  it("does exactly what a changed setting needs", async () => {
    await settings({ replicas: "3", greeting: "bye" });
    expect(await operations()).toEqual({
      "update command:local:Command greeted": ["stdin"],
      "update kubernetes:apps/v1:Deployment web": [
        "spec.replicas",
        "spec.template.spec.containers[0].envFrom[0].configMapRef.name",
      ],
      "update kubernetes:core/v1:Secret secret": ["stringData.greeting"],
      "replace kubernetes:core/v1:ConfigMap settings": ["data.greeting"],
      "replace kubernetes:batch/v1:Job migrate": ["spec.template.spec.containers[0].image"],
    });
    await pulumi("up", "--yes", "--skip-preview");
    const { stdout } = await pulumi("stack", "output", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ deployed: 3, said: "bye" });
    const { items } = await cluster.config.makeApiClient(CoreV1Api).listNamespacedConfigMap({ namespace: NAMESPACE });
    expect(items.filter(({ metadata }) => metadata?.name?.startsWith("settings-"))).toHaveLength(1);
  });

  it("plans to replace the StatefulSet for a changed claim template", async () => {
    await settings({ replicas: "3", greeting: "bye", size: "2Gi" });
    expect(await operations()).toEqual({
      "replace kubernetes:apps/v1:StatefulSet store": ["spec.volumeClaimTemplates[0].spec.resources.requests.storage"],
    });
    await settings({ replicas: "3", greeting: "bye" });
  });

  it("sees at refresh what others changed, and puts it right", async () => {
    const apps = cluster.config.makeApiClient(AppsV1Api);
    const path = "/spec/template/spec/containers/0/resources/requests/memory";
    await apps.patchNamespacedDeployment({ namespace: NAMESPACE, name: "web", body: [{ op: "remove", path }] });
    const networking = cluster.config.makeApiClient(NetworkingV1Api);
    const [policy] = (await networking.listNamespacedNetworkPolicy({ namespace: NAMESPACE })).items;
    await networking.deleteNamespacedNetworkPolicy({ namespace: NAMESPACE, name: policy?.metadata?.name ?? "" });
    await pulumi("refresh", "--yes", "--skip-preview");
    expect(await operations()).toEqual({
      create: 1,
      "update kubernetes:apps/v1:Deployment web": ["spec.template.spec.containers[0].resources.requests.memory"],
    });
    await pulumi("up", "--yes", "--skip-preview");
  });

  it("takes over an object that exists by import", async () => {
    await cluster.config.makeApiClient(CoreV1Api).createNamespacedConfigMap({
      namespace: NAMESPACE,
      body: { metadata: { name: "foreign" }, data: { a: "1" } },
    });
    const id = `${NAMESPACE}/foreign`;
    await pulumi(
      "import",
      "--yes",
      "--generate-code=false",
      "--protect=false",
      "kubernetes:core/v1:ConfigMap",
      "foreign",
      id,
    );
    // Also: what the step before put right needs nothing more.
    expect(await operations()).toEqual({ "delete kubernetes:core/v1:ConfigMap foreign": [] });
  });

  it("leaves nothing behind", async () => {
    await pulumi("destroy", "--yes", "--skip-preview");
    const { items } = await cluster.config.makeApiClient(CoreV1Api).listNamespace();
    expect(items.map(({ metadata }) => metadata?.name)).not.toContain(NAMESPACE);
    const at = {
      group: "apiextensions.k8s.io",
      version: "v1",
      plural: "customresourcedefinitions",
      name: `drills.${NAMESPACE}.example.com`,
    };
    await expect(cluster.config.makeApiClient(CustomObjectsApi).getClusterCustomObject(at)).rejects.toThrow("404");
  });
});

async function settings(values: Record<string, string>): Promise<void> {
  const config = Object.entries({ namespace: NAMESPACE, ...values }).map(
    ([name, value]) => `  plugins:${name}: "${value}"\n`,
  );
  await writeFile(path.join(workspace.program, "Pulumi.dev.yaml"), `config:\n${config.join("")}`);
  await ensureStack(workspace, "dev");
}

async function pulumi(...args: string[]) {
  const reads = args[0] === "stack" ? ["--stack", "dev"] : stackArguments(workspace, "dev");
  const result = await runPulumi(workspace, [...args, "--non-interactive", ...reads]);
  expect(result.exitCode, `pulumi ${args.join(" ")}\n${result.stdout.slice(-4000)}\n${result.stderr}`).toBe(0);
  return { ...result, stdout: result.stdout.trim() };
}

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** What an update would do: how many it would create, and what it would change about which others. */
async function operations(): Promise<Record<string, number | string[]>> {
  const { stdout } = await pulumi("preview", "--json");
  const { steps } = JSON.parse(stdout) as { steps: Step[] };
  const planned: Record<string, number | string[]> = {};
  for (const { op, urn, detailedDiff } of steps) {
    const [, , type = "", name] = urn.split("::");
    if (type.startsWith("pulumi:") || !["create", "update", "replace", "delete"].includes(op)) continue;
    if (op === "create") planned.create = Number(planned.create ?? 0) + 1;
    else planned[`${op} ${type} ${name}`] = Object.keys(detailedDiff ?? {}).sort();
  }
  return planned;
}
