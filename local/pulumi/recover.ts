import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure, type Progress } from "../failure.ts";
import { runPulumi, stackArguments, type Workspace } from "./workspace.ts";

/** The parts of a stack's exported state that an interrupted run leaves behind. */
interface Deployment {
  readonly pending_operations?: readonly PendingOperation[];
}

export interface PendingOperation {
  readonly type: string;
  readonly resource: {
    readonly urn: string;
    readonly type: string;
    readonly inputs?: { readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } };
  };
}

/**
 * Makes a stack usable again after a run that was killed: its lock is removed, and objects that it was creating are taken into the state
 * where they exist. Without this the next run stops at the lock, then at "already exists".
 */
export async function recoverStack(workspace: Workspace, stack: string, onProgress: Progress): Promise<void> {
  await removeDeadLocks(workspace, stack, onProgress);
  const exported = await runPulumi(workspace, ["stack", "export", "--stack", stack]);
  const { deployment } = JSON.parse(exported.stdout || "{}") as { deployment?: Deployment };
  const pending = deployment?.pending_operations ?? [];
  if (pending.length === 0) return;
  onProgress(`looking after ${pending.length} unfinished operations of the last run`);
  const imports = importArguments(pending);
  const refresh = ["refresh", "--yes", "--skip-preview", "--non-interactive", "--clear-pending-creates", ...imports];
  const result = await runPulumi(workspace, [...refresh, ...stackArguments(workspace, stack)]);
  if (result.exitCode !== 0)
    throw new Failure(`The last run of stack ${stack} was interrupted and could not be put right: ${result.stdout}`);
}

/** Which pending creations can be looked up in the cluster: Kubernetes objects with a name known beforehand. */
export function importArguments(pending: readonly PendingOperation[]): string[] {
  return pending.flatMap(({ type, resource }) => {
    const { name, namespace } = resource.inputs?.metadata ?? {};
    if (type !== "creating" || !resource.type.startsWith("kubernetes:") || typeof name !== "string") return [];
    const id = typeof namespace === "string" ? `${namespace}/${name}` : name;
    return ["--import-pending-creates", resource.urn, "--import-pending-creates", id];
  });
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
