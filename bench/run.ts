import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { execa } from "execa";
import { startCluster, stopCluster } from "../local/cluster/index.ts";
import { stopInOrder } from "../local/interrupt.ts";
import { repository, toolchainFolder } from "../local/paths.ts";
import { ensurePrograms, toolchainPrograms } from "../local/prepare.ts";
import { ensureEngine } from "../local/pulumi/engine.ts";
import { compilePolicies, policyArguments } from "../local/pulumi/policies.ts";
import { ensureStack, openWorkspace, runPulumi, stackArguments, type Workspace } from "../local/pulumi/workspace.ts";
import { measure, type Contender, type Measured } from "./rounds.ts";

/** `make bench`: ratios measured in one run on a cluster of its own, never a figure to compare with another machine's. */
const rounds = { starts: 9, previews: 3 };
const stack = "local";
const emptyProgram = join(import.meta.dirname, "empty");

/** Loads a program's modules in a Node.js of its own, as the language host does; nothing is declared. */
const start = (name: string, folder: string): Contender => ({
  name,
  run: async () => void (await execa(process.execPath, [join(folder, "index.ts")], { cwd: folder })),
});

const preview = (name: string, workspace: Workspace, options: readonly string[] = []): Contender => ({
  name,
  run: async () => void (await previewed(workspace, options)),
});

async function previewed(workspace: Workspace, options: readonly string[]): Promise<string> {
  const args = ["preview", "--non-interactive", ...options, ...stackArguments(workspace, stack)];
  const { exitCode, stdout, stderr } = await runPulumi(workspace, args);
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`);
  return stdout;
}

/** The first of a group is what the others are measured against. */
function addGroup(table: Table.Table, measured: readonly Measured[]): void {
  const base = measured[0]?.seconds ?? Number.NaN;
  for (const { name, seconds } of measured) table.push([name, `${seconds.toFixed(2)} s`, (seconds / base).toFixed(2)]);
}

async function bench(folder: string): Promise<void> {
  const { kubeconfig } = await startCluster({ dir: join(folder, "cluster"), binDir: toolchainPrograms, ports: "free" });
  const engine = await ensureEngine(toolchainFolder, console.log);
  await compilePolicies();
  const ours = await openWorkspace({ engine, folder: join(folder, "ours"), kubeconfig });
  const empty = await openWorkspace({ engine, folder: join(folder, "empty"), kubeconfig, program: emptyProgram });
  for (const workspace of [ours, empty]) await ensureStack(workspace, stack);

  const table = new Table({ head: ["median", "time", "ratio"], style: { head: [], border: [] } });
  const starts = [start("start of an empty program", emptyProgram), start("start of this program", repository)];
  addGroup(table, await measure(starts, rounds.starts));
  const previews = [
    preview("preview of an empty program", empty),
    preview("preview of this program", ours),
    preview("preview of this program with the policies", ours, policyArguments(stack)),
  ];
  addGroup(table, await measure(previews, rounds.previews));
  console.log(table.toString());
  console.log(`${/\+ (\d+) to create/.exec(await previewed(ours, []))?.[1] ?? "?"} resources in stack ${stack}`);
}

stopInOrder();
await ensurePrograms(["etcd", "kwok", "kubernetes"]);
const folder = await mkdtemp(join(tmpdir(), "dify-ha-bench-"));
try {
  await bench(folder);
} finally {
  await stopCluster(join(folder, "cluster"));
  await rm(folder, { recursive: true });
}
