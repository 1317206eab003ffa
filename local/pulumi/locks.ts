import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "../failure.ts";

/**
 * Stacks of a workspace whose lock was left by a run that is gone.
 * @throws Failure when a run is still going on: two at once would damage the state.
 */
export async function deadLocks(folder: string): Promise<string[]> {
  const locks = join(folder, "state", ".pulumi", "locks");
  const files = await readdir(locks, { recursive: true }).catch(() => []);
  const stacks: string[] = [];
  for (const file of files.filter((name) => name.endsWith(".json"))) {
    const stack = basename(dirname(file));
    const { pid, timestamp } = JSON.parse(await readFile(join(locks, file), "utf8")) as {
      pid: number;
      timestamp: string;
    };
    if (await isPulumi(pid))
      throw new Failure(
        `pulumi (process ${pid}) has been working on stack ${stack} since ${timestamp}: wait for it or end it.`,
      );
    stacks.push(stack);
  }
  return stacks;
}

/** Whether a process is there and is Pulumi's: numbers are used again. */
async function isPulumi(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return command.startsWith("pulumi");
}

/** Ends what an engine that was killed left running: its language host notices only after minutes that it is alone. */
export async function endOrphans(folder: string): Promise<void> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    // The engine and all that it starts carry the passphrase's path, and nothing else does.
    const ours = environment.split("\0").includes(`PULUMI_CONFIG_PASSPHRASE_FILE=${join(folder, "passphrase")}`);
    if (ours && Number(pid) !== process.pid) endIfThere(Number(pid));
  }
}

function endIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
