import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { rootfsFolder } from "./rootfs.ts";

/** A program to run in a Debian of its own: what it writes is seen by nobody else and is gone when it ends. */
export interface DebianProgram {
  readonly argv: readonly [string, ...string[]];
  /** Text by absolute path. Owned by `user` and readable by it alone, as are folders made for it; executable when it begins with "#!". */
  readonly files?: Readonly<Record<string, string>>;
  /** Files or folders of the host by the absolute path at which they are seen, read-only. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** Folders of the host, likewise, that it may write to: what it writes there stays. */
  readonly folders?: Readonly<Record<string, string>>;
  /** An account of Debian's ("postgres"), or "UID" or "UID:GID" as pods have it. @default "root" */
  readonly user?: string;
  /** Beside PATH, HOME and LANG; nothing else of ours is handed on. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * "host": loopback is shared, choose free ports. "own": a loopback of its own, where every port is free. Or one that several
   * programs share, see network.ts. @default "host"
   */
  readonly network?: "host" | "own" | DebianNetwork;
  /** How long it may take to end when it is told to stop, before it is killed. In seconds. @default 10 */
  readonly graceSeconds?: number;
}

export interface DebianResult {
  /** 128 + n after signal n, as in a shell. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A network whose namespace is kept open by somebody. */
export interface DebianNetwork {
  /** Such as "/proc/4711/ns/net". */
  readonly namespace: string;
}

/** What launch.py reads. */
interface Launch {
  readonly argv: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly graceSeconds: number;
}

/**
 * Runs a program to its end. A failure is a result, not an exception.
 * @param program.stdin What it reads. @default nothing
 * @param program.timeoutSeconds After this it is killed and the promise rejected, with what it had printed. @default 60
 */
export async function runInDebian(
  program: DebianProgram & { readonly stdin?: string; readonly timeoutSeconds?: number },
): Promise<DebianResult> {
  const { timeoutSeconds = 60 } = program;
  const running = new RunningProgram(program, program.stdin);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    running.kill();
  }, timeoutSeconds * 1000);
  const result = await running.ended.finally(() => clearTimeout(timer));
  if (!timedOut) return result;
  throw new Error(`${program.argv.join(" ")} did not end within ${timeoutSeconds} s; it printed:\n${running.output}`);
}

/** Starts a server. That it runs does not mean that it serves: wait for what it prints then. */
export function startInDebian(program: DebianProgram): RunningProgram {
  return new RunningProgram(program, undefined);
}

/** A program that is running. It ends with this process, whatever ends this process. */
export class RunningProgram {
  /** Settles when it has ended, by itself or not. */
  readonly ended: Promise<DebianResult>;
  readonly #name: string;
  readonly #child: ChildProcess;
  /** Its end is what stops the program, and the end of this process ends it too. */
  readonly #control: Duplex;
  readonly #printed = { stdout: "", stderr: "", both: "" };
  #hasEnded = false;

  constructor(program: DebianProgram, stdin: string | undefined) {
    this.#name = program.argv[0];
    const [command, ...args] = enterCommand(program);
    this.#child = spawn(command, args, { stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe", "pipe"] });
    // A program that has ended does not read what is still being sent to it; its exit code tells all that matters.
    this.#child.stdin?.on("error", () => {}).end(stdin);
    this.#control = this.#child.stdio[3] as Duplex;
    this.#control.on("error", () => {}).write(`${JSON.stringify(launchOf(program))}\n`);
    for (const stream of ["stdout", "stderr"] as const)
      this.#child[stream]?.setEncoding("utf8").on("data", (text: string) => {
        this.#printed[stream] += text;
        this.#printed.both += text;
      });
    this.ended = new Promise((done, fail) => {
      this.#child.once("error", fail);
      this.#child.once("close", (code) => {
        this.#hasEnded = true;
        this.#control.destroy();
        done({ exitCode: code ?? 137, stdout: this.#printed.stdout, stderr: this.#printed.stderr });
      });
    });
  }

  /** Process that holds its namespaces, as the host counts. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has printed so far, both streams as they came. */
  get output(): string {
    return this.#printed.both;
  }

  /**
   * Waits until it has printed what matches.
   * @throws with its output, when it ends before or takes longer than `timeoutSeconds`.
   */
  async printed(pattern: RegExp, timeoutSeconds = 30): Promise<void> {
    const deadline = Date.now() + timeoutSeconds * 1000;
    while (!pattern.test(this.output)) {
      const reason = this.#hasEnded
        ? "ended"
        : Date.now() > deadline
          ? `took longer than ${timeoutSeconds} s`
          : undefined;
      if (reason)
        throw new Error(`${this.#name} ${reason} before it printed ${pattern.source}; it printed:\n${this.output}`);
      await delay(20);
    }
  }

  signal(name: "TERM" | "INT" | "HUP" | "QUIT" | "KILL" | "STOP" | "CONT" | "USR1" | "USR2"): void {
    this.#control.write(`${name}\n`);
  }

  /** Asks it to end, and kills it with all that it started when it has not after its `graceSeconds`. May be called again. */
  stop(): Promise<DebianResult> {
    this.#control.end();
    return this.ended;
  }

  /** Kills it and all that it started, at once. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** The command line that makes the namespaces. Arguments name no secret: what a program is given goes by its control pipe. */
function enterCommand({ network = "host", mounts = {}, folders = {} }: DebianProgram): [string, ...string[]] {
  const shared = typeof network === "object" ? ["nsenter", `--net=${network.namespace}`] : [];
  const namespaces = ["--mount", "--pid", "--ipc", ...(network === "own" ? ["--net"] : [])];
  const mountArgs = [
    ...Object.entries(mounts).flatMap(([inside, host]) => ["ro", host, inside]),
    ...Object.entries(folders).flatMap(([inside, host]) => ["rw", host, inside]),
  ];
  const enter = [
    "sh",
    join(import.meta.dirname, "enter.sh"),
    rootfsFolder,
    network === "own" ? "own" : "given",
    ...mountArgs,
  ];
  return [...shared, "unshare", ...namespaces, "--fork", "--kill-child", ...enter] as [string, ...string[]];
}

function launchOf({ argv, files = {}, user = "root", env = {}, graceSeconds = 10 }: DebianProgram): Launch {
  return { argv, files, user, env, graceSeconds };
}
