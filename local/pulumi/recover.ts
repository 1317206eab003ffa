import { Failure, type Progress } from "../failure.ts";
import { deadLocks } from "./locks.ts";
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
  if ((await deadLocks(workspace.folder)).includes(stack)) {
    onProgress("removing the lock of a run that was killed");
    await succeed(workspace, stack, ["cancel", stack, "--yes"]);
  }
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
