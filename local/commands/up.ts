import { readSettings } from "../cluster/layout.ts";
import { clusterFolder, prepare, type Prepared } from "../prepare.ts";
import { Failure } from "../failure.ts";
import { goOnUnlessInterrupted } from "../interrupt.ts";
import { policyArguments } from "../pulumi/policies.ts";
import { recoverStack } from "../pulumi/recover.ts";
import { ensureStack, runPulumi, stackArguments, type Adaptation } from "../pulumi/workspace.ts";
import { listWorkloads, workloadTable } from "../workloads.ts";

export const localStack = "local";

/** Goes by labels which only the embedded cluster's nodes have: Dify's pods would find no node elsewhere. */
const embeddedOnly: Adaptation = { path: ["dify-ha:dify", "nodes"] };

/** What of a stack's settings is not as committed in the cluster of the given kubeconfig; the embedded one when there is none. */
export function adaptations(stack: string, kubeconfig: string | undefined): readonly Adaptation[] {
  if (stack !== localStack) return [];
  if (kubeconfig !== undefined) return [embeddedOnly];
  const embedded = readSettings(clusterFolder);
  return embedded ? [{ path: ["dify-ha:network", "kubernetesApi", "ports"], value: [embedded.ports.apiServer] }] : [];
}

/** `make up`: everything from nothing to a running stack. Repeating it does only what is missing. */
export async function up(kubeconfig: string | undefined): Promise<void> {
  const prepared = await prepare(kubeconfig);
  const { workspace, target } = prepared;
  await ensureStack(workspace, localStack, adaptations(localStack, kubeconfig));
  await recoverStack(workspace, localStack, console.log);
  console.log(`\nDeploying stack ${localStack} to ${target.server}, with the policies on:\n`);
  goOnUnlessInterrupted();
  const deployed = await runPulumi(
    workspace,
    [
      "up",
      // With the preview that comes first: what a policy refuses is refused before anything is changed.
      "--yes",
      "--suppress-outputs",
      ...policyArguments(localStack),
      ...stackArguments(workspace, localStack),
    ],
    { output: "terminal" },
  );
  if (deployed.exitCode !== 0)
    throw new Failure(
      "The stack is not up: what is wrong stands above. Nothing needs undoing: mend it and run make up again.",
    );
  console.log(await summary(prepared, await lastChanges(prepared)));
}

/** How many resources the last run created, updated and so on; those it left alone are `same`. */
type Changes = Readonly<Record<string, number>>;

async function lastChanges({ workspace }: Prepared): Promise<Changes> {
  const history = await runPulumi(workspace, ["stack", "history", "--stack", localStack, "--json", "--page-size", "1"]);
  const [last] = JSON.parse(history.stdout) as { resourceChanges?: Changes }[];
  return last?.resourceChanges ?? {};
}

/** One sentence on what a run did. */
export function changeSentence(changes: Changes): string {
  const { same = 0, ...others } = changes;
  const done = Object.entries(others).filter(([, count]) => count > 0);
  if (done.length === 0) return `Nothing changed: all ${same} resources are as declared.`;
  return `${done.map(([what, count]) => `${count} ${what}`).join(", ")}, ${same} unchanged.`;
}

async function summary({ workspace, target }: Prepared, changes: Changes): Promise<string> {
  const outputs = await runPulumi(workspace, ["stack", "output", "--stack", localStack]);
  return [
    "",
    workloadTable(await listWorkloads(target.kubeconfig)),
    "",
    outputs.stdout.trim(),
    "",
    changeSentence(changes),
    "",
    "Next:",
    "  make status                               what runs, at any time",
    "  make preview STACK=prod                   what the production stack would be, against this cluster",
    "  local/run kubectl get pods -A -o wide     any kubectl command; local/run pulumi ... likewise",
  ].join("\n");
}
