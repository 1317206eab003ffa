import { Failure } from "../failure.ts";
import { prepare } from "../prepare.ts";
import { policyArguments } from "../pulumi/policies.ts";
import { ensureStack, runPulumi, stackArguments } from "../pulumi/workspace.ts";
import { adaptations } from "./up.ts";

/** `make preview STACK=...`: what the stack would change in the cluster, with the policies on. Nothing is changed. */
export async function preview(stack: string, kubeconfig: string | undefined): Promise<void> {
  const { workspace, target } = await prepare(kubeconfig);
  await ensureStack(workspace, stack, adaptations(stack, kubeconfig));
  console.log(`\nPreview of stack ${stack} against ${target.server}:\n`);
  const args = ["preview", ...policyArguments(stack), ...stackArguments(workspace, stack)];
  const { exitCode } = await runPulumi(workspace, args, { output: "terminal" });
  if (exitCode !== 0) throw new Failure(`Stack ${stack} would not go up as it is: what is wrong stands above.`);
}
