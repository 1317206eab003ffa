import { readFile, writeFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import { localStack } from "../../../local/commands/up.ts";
import { toolchainFolder } from "../../../local/paths.ts";
import { workspaceFolder } from "../../../local/prepare.ts";
import { ensureEngine } from "../../../local/pulumi/engine.ts";
import { compilePolicies, policyArguments } from "../../../local/pulumi/policies.ts";
import {
  ensureStack,
  openWorkspace,
  runPulumi,
  stackArguments,
  type Workspace,
} from "../../../local/pulumi/workspace.ts";
import type { Stack } from "./stack.ts";

/** What a user changes before `pulumi up`. */
export interface Change {
  /** Dotted paths below a section, such as "postgres.maxConnections". */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Secrets by name, such as "difyDatabasePassword". */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** Deploys the stack with some settings changed, as a user does: `pulumi up` with the policies on. @throws with all it says when it fails. */
export async function deploy(stack: Stack, change: Change = {}): Promise<void> {
  const engine = await ensureEngine(toolchainFolder, () => undefined);
  const workspace = await openWorkspace({ engine, folder: workspaceFolder, kubeconfig: stack.kubeconfig });
  await compilePolicies();
  // From the committed settings, each time: what an earlier test changed is not kept.
  await ensureStack(workspace, localStack);
  await writeSettings(workspace, change);
  const options = [
    "--yes",
    "--skip-preview",
    "--non-interactive",
    "--suppress-outputs",
    ...policyArguments(localStack),
  ];
  await must(workspace, ["up", ...options]);
}

async function writeSettings(workspace: Workspace, { settings = {}, secrets = {} }: Change): Promise<void> {
  const file = stackArguments(workspace, localStack).at(-1) ?? "";
  const document = parseDocument(await readFile(file, "utf8"));
  for (const [path, value] of Object.entries(settings)) {
    const [section, ...keys] = path.split(".");
    document.setIn(["config", `dify-ha:${section}`, ...keys], value);
  }
  await writeFile(file, document.toString());
  for (const [name, value] of Object.entries(secrets))
    await must(workspace, ["config", "set", "--secret", `secrets:${name}`, value]);
}

async function must(workspace: Workspace, args: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runPulumi(workspace, [...args, ...stackArguments(workspace, localStack)]);
  if (exitCode !== 0) throw new Error(`pulumi ${args[0]}:\n${stdout}\n${stderr}`);
}
