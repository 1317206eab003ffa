import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../failure.ts";
import { isAlive, processIdentity, type ProcessIdentity } from "./identity.ts";
import { isPortFree, portHolder } from "./ports.ts";

/** A server of the cluster: a plain process that outlives whoever started it. */
export interface ServerProcess {
  /** Names its record and its log, too. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** File of the network namespace in which it runs. @default the caller's */
  readonly namespace?: string;
  /** On which it will listen, all of 127.0.0.1. In a namespace of its own they are free. */
  readonly ports: readonly number[];
  /** Files that it reads at its start only: when their content changes it is started again. */
  readonly files: readonly string[];
}

/** What is kept about a process that was started, in <dir>/run/<name>.json. */
interface ProcessRecord extends ProcessIdentity {
  /** Of program, arguments and files. */
  readonly fingerprint: string;
}

const recordFile = (dir: string, name: string): string => join(dir, "run", `${name}.json`);
export const logFile = (dir: string, name: string): string => join(dir, "log", `${name}.log`);

/** The process of that name if this cluster started it and it still runs. */
export function runningProcess(dir: string, name: string): ProcessIdentity | undefined {
  const record = readRecord(dir, name);
  return record && isAlive(record) ? record : undefined;
}

function readRecord(dir: string, name: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(dir, name), "utf8")) as ProcessRecord;
  } catch {
    return undefined; // Never started, or its start was cut off: not ours to touch.
  }
}

/** Whether it runs exactly as described. */
export function isCurrent(dir: string, server: ServerProcess): boolean {
  return (
    runningProcess(dir, server.name) !== undefined && readRecord(dir, server.name)?.fingerprint === fingerprint(server)
  );
}

/**
 * Sees to it that a process runs as described: one that already does is left alone, one with other arguments is replaced.
 * @returns whether it had to be started.
 * @throws when a port is in use, in one line that names port and holder.
 */
export async function ensureRunning(dir: string, server: ServerProcess): Promise<boolean> {
  if (isCurrent(dir, server)) return false;
  await stopProcess(dir, server.name);
  await requireFreePorts(server);
  const log = logFile(dir, server.name);
  [recordFile(dir, server.name), log].forEach((file) => mkdirSync(dirname(file), { recursive: true, mode: 0o700 }));
  // One log a run, and the run before it: a log that grows for ever helps nobody.
  if (existsSync(log)) renameSync(log, log.replace(/log$/, "previous.log"));
  const output = openSync(log, "w", 0o600);
  const [program, ...args] = commandOf(server);
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", output, output],
    cwd: dir,
    // Nothing of the caller's environment, which may hold secrets, and no settings from a home folder.
    env: { HOME: dir, PATH: process.env["PATH"] },
  });
  closeSync(output);
  child.unref();
  const failure = new Promise<Error>((resolve) => child.once("error", resolve));
  if (child.pid === undefined) throw new Failure(`${server.name} cannot be started: ${(await failure).message}`);
  const identity = processIdentity(child.pid);
  if (!identity) throw stoppedEarly(dir, server.name);
  const record: ProcessRecord = { ...identity, fingerprint: fingerprint(server) };
  writeFileSync(recordFile(dir, server.name), JSON.stringify(record), { mode: 0o600 });
  return true;
}

/** nsenter becomes the program: the process that is recorded is the server itself. */
function commandOf({ program, args, namespace }: ServerProcess): [string, ...string[]] {
  return namespace === undefined ? [program, ...args] : ["nsenter", `--net=${namespace}`, program, ...args];
}

/** Refuses, in one line, to start a server whose port another process holds. */
export async function requireFreePorts(server: ServerProcess): Promise<void> {
  if (server.namespace !== undefined) return;
  for (const port of server.ports) {
    if (await isPortFree(port)) continue;
    const holder = portHolder(port) ?? "another process";
    throw new Failure(`Port ${port} of 127.0.0.1, needed by ${server.name}, is in use by ${holder}: stop it first.`);
  }
}

/** What to say about a process that ended when it should serve: the last lines that it wrote. */
export function stoppedEarly(dir: string, name: string): Failure {
  const log = logFile(dir, name);
  const lines = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-15) : [];
  return new Failure(`${name} stopped right after its start. The last lines of ${log}:\n${lines.join("\n")}`);
}

/** How long a process may take to end by itself, in seconds. */
const patience = 15;

/** Ends the process of that name, and only it: a number that meanwhile means another process is left alone. */
export async function stopProcess(dir: string, name: string): Promise<void> {
  const running = runningProcess(dir, name);
  if (running) {
    signal(running, "SIGTERM");
    const deadline = Date.now() + patience * 1000;
    while (isAlive(running)) {
      if (Date.now() > deadline) signal(running, "SIGKILL");
      await sleep(50);
    }
  }
  rmSync(recordFile(dir, name), { force: true });
}

function signal({ pid }: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // It ended by itself a moment ago.
  }
}

function fingerprint({ program, args, files, namespace }: ServerProcess): string {
  const command = [program, statSync(program).mtimeMs, args, namespace];
  const hash = createHash("sha256").update(JSON.stringify(command));
  files.forEach((file) => hash.update(basename(file)).update(readFileSync(file)));
  return hash.digest("hex");
}
