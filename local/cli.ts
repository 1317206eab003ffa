import { join, resolve } from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import { down } from "./commands/down.ts";
import { preview } from "./commands/preview.ts";
import { status } from "./commands/status.ts";
import { localStack, up } from "./commands/up.ts";
import { messageOf } from "./failure.ts";
import { stopInOrder } from "./interrupt.ts";
import { clusterFolder, targetFile, toolchainPrograms, workspaceFolder } from "./prepare.ts";
import { repository, toolchainFolder } from "./paths.ts";
import { ensureEngine } from "./pulumi/engine.ts";
import { openWorkspace, runPulumi } from "./pulumi/workspace.ts";
import { notedTarget } from "./target.ts";

/** A cluster of the user's own, or undefined for the embedded one. */
const ownKubeconfig = (): string | undefined => {
  const path = process.env["KUBECONFIG"];
  return path ? resolve(path) : undefined;
};

/** The kubeconfig of what was deployed to, for commands that look at it. */
async function currentKubeconfig(): Promise<string> {
  return ownKubeconfig() ?? (await notedTarget(targetFile))?.kubeconfig ?? join(clusterFolder, "kubeconfig");
}

async function kubectl(args: readonly string[]): Promise<void> {
  const { exitCode } = await execa("kubectl", args, {
    stdio: "inherit",
    reject: false,
    env: { KUBECONFIG: await currentKubeconfig(), PATH: `${toolchainPrograms}:${process.env["PATH"] ?? ""}` },
  });
  process.exitCode = exitCode ?? 1;
}

async function workspaceOfStack() {
  const engine = await ensureEngine(toolchainFolder, console.error);
  const workspace = await openWorkspace({ engine, folder: workspaceFolder, kubeconfig: await currentKubeconfig() });
  return { workspace, env: { PULUMI_STACK: process.env["PULUMI_STACK"] ?? localStack } };
}

async function pulumi(args: readonly string[]): Promise<void> {
  const { workspace, env } = await workspaceOfStack();
  const { exitCode } = await runPulumi(workspace, args, { env, output: "terminal" });
  process.exitCode = exitCode;
}

const runbooks = ["backups", "drills", "restore", "runbook"];

/** A runbook as it is, which finds Pulumi, its stack and the cluster by the environment. */
const runbook =
  (name: string) =>
  async (args: readonly string[]): Promise<void> => {
    const { workspace, env } = await workspaceOfStack();
    const { exitCode } = await execa(process.execPath, [join(repository, "runbooks", `${name}.ts`), ...args], {
      stdio: "inherit",
      reject: false,
      extendEnv: false,
      env: { ...workspace.env, ...env },
    });
    process.exitCode = exitCode ?? 1;
  };

const program = new Command("local")
  .description("Dify with backups on this machine: the embedded default")
  .enablePositionalOptions();
program
  .command("up")
  .description("bring everything up; repeat it at any time")
  .action(() => up(ownKubeconfig()));
program
  .command("down")
  .description("remove what up made")
  .action(() => down());
program
  .command("status")
  .description("show what runs")
  .action(() => status());
program
  .command("preview")
  .argument("[stack]", "local, staging or prod", localStack)
  .description("show what a stack would change")
  .action((stack: string) => preview(stack, ownKubeconfig()));
const others = { kubectl, pulumi, ...Object.fromEntries(runbooks.map((name) => [name, runbook(name)])) };
for (const [name, run] of Object.entries(others))
  program
    .command(name)
    .argument("[args...]")
    .description(`run ${name} on what was brought up`)
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .action(run);

stopInOrder();
try {
  await program.parseAsync();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
