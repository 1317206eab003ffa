import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, type Progress } from "../failure.ts";
import { isAlive, processIdentity, type ProcessIdentity } from "./process/identity.ts";

/** How long to wait for another start or stop of the same cluster, in seconds. */
const patience = 180;

/** Runs one start or stop of a cluster at a time. A lock whose holder has died counts for nothing. */
export async function withLock<T>(dir: string, onProgress: Progress, action: () => Promise<T>): Promise<T> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "lock");
  const deadline = Date.now() + patience * 1000;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder && !isAlive(holder)) rmSync(file, { force: true });
    else if (Date.now() > deadline)
      throw new Failure(`${file} has been held for ${patience} s by pid ${holder?.pid ?? "?"}.`);
    else {
      onProgress(`waiting for pid ${holder?.pid ?? "?"}, which starts or stops the same cluster`);
      await sleep(200);
    }
  }
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

/** A link appears at once with its content: a holder that dies while taking the lock leaves no lock without a name. */
function take(file: string): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(processIdentity(process.pid)), { mode: 0o600 });
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own);
  }
}

function holderOf(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
  } catch {
    return undefined; // Just released.
  }
}
