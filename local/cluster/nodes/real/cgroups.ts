import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const mountPoint = "/sys/fs/cgroup";
/** Of version 1, each a tree of its own. The kubelet needs all of them. */
export const hierarchies = ["blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids", "systemd"];

/** Hierarchies that the machine lacks. */
export const missingHierarchies = (): string[] =>
  hierarchies.filter((name) => !existsSync(join(mountPoint, name, "cgroup.procs")));

/**
 * Processors of all nodes together, against 1024 of one process beside them: without it a compiler that runs beside a cluster gets as much
 * as all of its pods, and etcd answers in seconds (seen).
 */
const shares = 16 * 1024;

/** A node's control groups: `<path>` for all of it, `<path>/system` for its own daemons; the kubelet adds those of pods. */
export function ensureCgroups(path: string): void {
  for (const hierarchy of hierarchies) {
    const leaf = join(mountPoint, hierarchy, path, "system");
    mkdirSync(leaf, { recursive: true });
    if (hierarchy === "cpuset") inheritCpus(leaf);
  }
  const [, first = ""] = path.split("/");
  writeFileSync(join(mountPoint, "cpu", first, "cpu.shares"), `${shares}`);
}

/** A cpuset takes no process until it has processors and memory: from the top down, as its parent has them. */
function inheritCpus(leaf: string): void {
  const root = join(mountPoint, "cpuset");
  let folder = root;
  for (const part of leaf.slice(root.length + 1).split("/")) {
    folder = join(folder, part);
    for (const file of ["cpuset.cpus", "cpuset.mems"])
      writeFileSync(join(folder, file), readFileSync(join(root, file), "utf8"));
  }
}

/** How long killed processes may take to be gone, in seconds. */
const patience = 20;

/** Every tree that is mounted, also those that we ask nothing of: runc makes groups in all. */
const mounted = (): string[] => readdirSync(mountPoint).map((name) => join(mountPoint, name));

/** Kills every process below the path: all that ever ran on a node, whoever started it. */
export async function killCgroup(path: string): Promise<void> {
  const deadline = Date.now() + patience * 1000;
  for (;;) {
    const pids = [...new Set(mounted().flatMap((tree) => processesBelow(join(tree, path))))];
    if (pids.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Processes ${pids.join(", ")} in ${path} cannot be killed.`);
    for (const pid of pids) kill(pid);
    await sleep(50);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function processesBelow(folder: string): number[] {
  if (!existsSync(folder)) return [];
  const own = readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  return [...own, ...subfolders(folder).flatMap((name) => processesBelow(join(folder, name)))];
}

const subfolders = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));

/** Removes the empty control groups below the path: the kubelet spends seconds on each that a dead container left. */
export async function removeCgroups(path: string): Promise<void> {
  for (const tree of mounted()) {
    const folder = join(tree, path);
    await removeTree(folder);
    removeUnused(dirname(folder));
  }
}

/** What is above may belong to another cluster, too. */
function removeUnused(folder: string): void {
  if (existsSync(folder) && subfolders(folder).length === 0) rmdirSync(folder);
}

async function removeTree(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of subfolders(folder)) await removeTree(join(folder, name));
  // A process that was just killed may not have left yet.
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY") throw error;
      await sleep(50);
    }
  }
}
