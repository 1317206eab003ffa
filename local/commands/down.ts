import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { stopCluster } from "../cluster/index.ts";
import { Failure } from "../failure.ts";
import { localFolder, toolchainFolder } from "../paths.ts";
import { clusterFolder, targetFile, workspaceFolder } from "../prepare.ts";
import { ensureEngine } from "../pulumi/engine.ts";
import { deadLocks, endOrphans } from "../pulumi/locks.ts";
import { recoverStack } from "../pulumi/recover.ts";
import { ensureStack, openWorkspace, runPulumi, stackArguments } from "../pulumi/workspace.ts";
import { runSteps } from "../steps.ts";
import { notedTarget, reachCluster, type Target } from "../target.ts";
import { localStack } from "./up.ts";

/**
 * `make down`: removes what `make up` made and nothing else. The embedded cluster goes with all that is in it; from a cluster of the
 * user's own the stack's resources are destroyed, one by one.
 */
export async function down(): Promise<void> {
  if (!existsSync(localFolder)) {
    console.log("Nothing runs, nothing to remove.");
    return;
  }
  await deadLocks(workspaceFolder);
  const target = await notedTarget(targetFile);
  if (target && !isEmbedded(target)) await destroyStack(target);
  await runSteps([
    { title: "Stop the cluster", run: (progress) => stopCluster(clusterFolder, progress) },
    { title: "End what a killed engine left", run: () => endOrphans(workspaceFolder) },
    { title: "Remove its data and the stack's state", run: () => rm(localFolder, { recursive: true, force: true }) },
  ]);
}

const isEmbedded = ({ kubeconfig }: Target): boolean => kubeconfig === join(clusterFolder, "kubeconfig");

async function destroyStack(target: Target): Promise<void> {
  const found = await reachCluster(target.kubeconfig);
  if (found.clusterId !== target.clusterId)
    throw new Failure(
      `KUBECONFIG ${target.kubeconfig} now leads to another cluster than the one that was deployed to: set it back.`,
    );
  const engine = await ensureEngine(toolchainFolder, console.log);
  const workspace = await openWorkspace({ engine, folder: workspaceFolder, kubeconfig: target.kubeconfig });
  await ensureStack(workspace, localStack);
  await recoverStack(workspace, localStack, console.log);
  const { exitCode } = await runPulumi(workspace, ["destroy", "--yes", ...stackArguments(workspace, localStack)], {
    output: "terminal",
  });
  if (exitCode !== 0)
    throw new Failure(
      "Not everything could be removed: what is wrong stands above. Run make down again after mending it.",
    );
}
