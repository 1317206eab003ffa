import { join } from "node:path";
import { ensureDifyImages, ensureImages } from "./cluster/images/index.ts";
import { startCluster, type NodeKind } from "./cluster/index.ts";
import { chooseNodes, simulatedNodes } from "./cluster/nodes/choice.ts";
import { ensureRootfs, rootfsIsReady } from "./debian/rootfs.ts";
import { Failure, messageOf } from "./failure.ts";
import { clusterPorts, localFolder, repository, toolchainFolder } from "./paths.ts";
import { ensureEngine, installedEngine, type Engine } from "./pulumi/engine.ts";
import { compilePolicies } from "./pulumi/policies.ts";
import { openWorkspace, type Workspace } from "./pulumi/workspace.ts";
import { runSteps, type Step } from "./steps.ts";
import { holdToTarget, reachCluster, type Target } from "./target.ts";
import { buildFamily, isBuilt } from "./toolchain/build.ts";
import { buildSpace, hostFacts, hostProblems, runSpace } from "./toolchain/checks.ts";
import { families, type FamilyName } from "./toolchain/families.ts";
import { goProgram } from "./toolchain/go.ts";

/** Where the embedded cluster lives. */
export const clusterFolder = join(localFolder, "cluster");
/** Where Pulumi's state of the local stacks lives. */
export const workspaceFolder = join(localFolder, "pulumi");
/** Notes which cluster the stack `local` was deployed to. */
export const targetFile = join(localFolder, "target.json");
export const toolchainPrograms = join(toolchainFolder, "bin");

/** A cluster that answers and a Pulumi that is ready for it. */
export interface Prepared {
  readonly target: Target;
  readonly workspace: Workspace;
}

const clusterFamilies: readonly FamilyName[] = ["etcd", "kwok", "kubernetes"];
/** Beside Debian's, what runs in pods of real nodes. */
const imageFamilies: readonly FamilyName[] = ["coredns", "minio"];
const engineFamilies: readonly FamilyName[] = ["pulumi", "language-nodejs"];

/** Brings up all that `pulumi` needs, doing only what is not done yet. `kubeconfig` names a cluster of the user's own. */
export async function prepare(kubeconfig: string | undefined): Promise<Prepared> {
  const installed = await installedEngine(process.env["PATH"] ?? "", join(toolchainFolder, "engine"));
  const engineReason = "reason" in installed ? installed.reason : undefined;
  let nodes = kubeconfig ? undefined : chooseNodes(clusterFolder);
  let difyOn: NodeKind = "simulated";
  const wanted = [
    ...(nodes ? clusterFamilies : []),
    ...(nodes?.kind === "real" ? imageFamilies : []),
    ...(engineReason ? engineFamilies : []),
  ];
  const missing = await unbuilt(wanted);
  let engine: Engine | undefined;
  let target: Target | undefined;
  await runSteps([
    checkStep(kubeconfig, missing),
    ...missing.map((name) => buildStep(name, engineFamilies.includes(name) ? engineReason : undefined)),
    ...(nodes?.kind === "real"
      ? [
          debianStep((reason) => {
            nodes = simulatedNodes(reason);
          }),
          imageStep((kind) => {
            difyOn = kind;
          }),
        ]
      : []),
    {
      title: kubeconfig ? "Reach the cluster of KUBECONFIG" : "Start the cluster: control plane and nodes",
      run: async (progress) => {
        if (nodes) progress(nodes.description);
        target = await reachCluster(
          kubeconfig ?? (await embeddedCluster(progress, nodes?.kind ?? "simulated", difyOn)),
        );
        await holdToTarget(targetFile, target);
      },
    },
    { title: "Compile the policies", run: compilePolicies },
    {
      title: "Open the workspace of Pulumi",
      run: async (progress) => {
        engine = await ensureEngine(toolchainFolder, progress);
      },
    },
  ]);
  if (!engine || !target) throw new Error("A step ended without its result.");
  const workspace = await openWorkspace({ engine, folder: workspaceFolder, kubeconfig: target.kubeconfig });
  return { target, workspace };
}

/** Builds what is missing of these, for tests and tools that need no cluster. */
export async function ensurePrograms(names: readonly FamilyName[]): Promise<void> {
  const missing = await unbuilt(names);
  if (missing.length > 0) await runSteps([checkStep(undefined, missing), ...missing.map((name) => buildStep(name))]);
}

async function unbuilt(names: readonly FamilyName[]): Promise<FamilyName[]> {
  const built = await Promise.all(names.map((name) => isBuilt(toolchainFolder, name)));
  return names.filter((_, i) => !built[i]);
}

/** Everything that can be told beforehand is told beforehand, not after minutes of building. */
function checkStep(kubeconfig: string | undefined, missing: readonly FamilyName[]): Step {
  return {
    title: "Check the machine",
    run: async () => {
      const facts = await hostFacts(repository, missing.length > 0 ? buildSpace : runSpace);
      const problems = hostProblems(kubeconfig ? { ...facts, platform: "linux" } : facts);
      if (problems.length > 0) throw new Failure(problems.join("\n"));
      if (missing.length > 0) await goProgram();
    },
  };
}

function buildStep(name: FamilyName, reason?: string): Step {
  const { purpose, minutes, programs } = families[name];
  const time = minutes < 1 ? "under a minute" : `about ${minutes} min`;
  return {
    title: `Build ${Object.keys(programs).join(", ")}: ${purpose}${reason ? `, since ${reason}` : ""} (once, ${time} on 2 cores)`,
    run: (progress) => buildFamily(toolchainFolder, name, progress),
  };
}

/** What nodes and pods are made of. Where Debian's packages cannot be had there are no real nodes. */
const debianStep = (unavailable: (reason: string) => void): Step => ({
  title: "Build Debian with the data plane's programs (once, about 2 min)",
  run: async (progress) => {
    try {
      await ensureRootfs(progress);
    } catch (error) {
      const reason = messageOf(error).split("\n").at(-1) ?? "";
      unavailable(`Debian's packages cannot be had: ${reason}`);
    }
  },
});

/** The images of pods; Dify's own where a registry can be reached. */
const imageStep = (difyOn: (nodes: NodeKind) => void): Step => ({
  title: "Bake the images of pods (once, about 1 min)",
  run: async (progress) => {
    if (!rootfsIsReady()) return;
    const { difyImages, reason } = await ensureDifyImages(await ensureImages(progress), progress);
    const pulled = difyImages === "pulled";
    difyOn(pulled ? "real" : "simulated");
    progress(`Dify's own pods ${pulled ? "run for real" : "go to simulated nodes"}: ${reason}`);
  },
});

const embeddedCluster = async (
  progress: (message: string) => void,
  nodes: NodeKind,
  difyOn: NodeKind,
): Promise<string> => {
  const { kubeconfig } = await startCluster({
    dir: clusterFolder,
    binDir: toolchainPrograms,
    nodes,
    difyOn,
    onProgress: progress,
    ...clusterPorts,
  });
  return kubeconfig;
};
