import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure, type Progress } from "../failure.ts";
import { runPulumi, stackArguments, type Workspace } from "./workspace.ts";

/** The parts of a stack's exported state that matter here; the rest is kept as it is. */
export interface Deployment {
  readonly resources?: readonly ResourceState[];
  readonly pending_operations?: readonly { readonly type: string; readonly resource: ResourceState }[];
}

export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: { readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } };
}

/**
 * Makes a stack usable again after a run that was killed: its lock is removed, and objects that it was creating are taken into the state
 * where they exist. Without this the next run stops at the lock, then at "already exists".
 */
export async function recoverStack(workspace: Workspace, stack: string, onProgress: Progress): Promise<void> {
  await removeDeadLocks(workspace, stack, onProgress);
  const exported = await succeed(workspace, stack, ["stack", "export", "--stack", stack]);
  const state = JSON.parse(exported) as { readonly deployment?: Deployment };
  if (!state.deployment?.pending_operations?.length) return;
  onProgress("looking after what the last run left unfinished");
  const adopted = JSON.stringify({ ...state, deployment: adoptPending(state.deployment) });
  await succeed(workspace, stack, ["stack", "import", "--stack", stack], adopted);
  // Reads what is really there: an object that was never made is dropped from the state again.
  const refresh = ["refresh", "--yes", "--skip-preview", "--non-interactive", ...stackArguments(workspace, stack)];
  await succeed(workspace, stack, refresh);
}

/**
 * Counts Kubernetes objects that were being created as resources: with a name known beforehand they can be looked up. Other unfinished
 * operations are forgotten; Pulumi does them again.
 */
export function adoptPending({ resources = [], pending_operations = [], ...rest }: Deployment): Deployment {
  const adopted = pending_operations.flatMap(({ type, resource }) => {
    const { name, namespace } = resource.inputs?.metadata ?? {};
    if (type !== "creating" || !resource.type.startsWith("kubernetes:") || typeof name !== "string") return [];
    return [{ ...resource, id: typeof namespace === "string" ? `${namespace}/${name}` : name }];
  });
  return { ...rest, resources: [...resources, ...adopted] };
}

async function succeed(workspace: Workspace, stack: string, args: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runPulumi(workspace, args, input === undefined ? {} : { input });
  if (exitCode === 0) return stdout;
  throw new Failure(`Stack ${stack} could not be put right after a run that was killed: ${stderr || stdout}`);
}

/** Locks whose process is gone are removed; one that lives is a Failure, since two runs at once would damage the state. */
async function removeDeadLocks(workspace: Workspace, stack: string, onProgress: Progress): Promise<void> {
  const folder = join(workspace.folder, "state", ".pulumi", "locks", "organization", workspace.project, stack);
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json"));
  for (const file of files) {
    const { pid, timestamp } = JSON.parse(await readFile(join(folder, file), "utf8")) as {
      pid: number;
      timestamp: string;
    };
    if (await isPulumi(pid))
      throw new Failure(
        `pulumi (process ${pid}) has been working on stack ${stack} since ${timestamp}: wait for it or end it.`,
      );
  }
  if (files.length === 0) return;
  onProgress("removing the lock of a run that was killed");
  await runPulumi(workspace, ["cancel", stack, "--yes"]);
}

/** Whether a process is there and is Pulumi's: numbers are used again. */
async function isPulumi(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return command.startsWith("pulumi");
}
