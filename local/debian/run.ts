import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { rootfsFolder } from "./rootfs.ts";

/** A program to run in a Debian of its own: what it writes is seen by nobody else and is gone when it ends. */
export interface DebianProgram {
  readonly argv: readonly [string, ...string[]];
  /** Text by absolute path. Owned by `user` and readable by it alone, as are folders made for it; executable when it begins with "#!". */
  readonly files?: Readonly<Record<string, string>>;
  /** Files or folders of the host by the absolute path at which they are seen, read-only. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** An account of Debian's ("postgres"), or "UID" or "UID:GID" as pods have it. @default "root" */
  readonly user?: string;
  /** Beside PATH, HOME and LANG; nothing else of ours is handed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** "host": loopback is shared, choose free ports. "own": a loopback of its own, where every port is free. @default "host" */
  readonly network?: "host" | "own";
  /** How long it may take to end when it is told to stop, before it is killed. In seconds. @default 10 */
  readonly graceSeconds?: number;
}

export interface DebianResult {
  /** 128 + n after signal n, as in a shell. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that is running. It ends with this process, whatever ends this process. */
export interface RunningProgram {
  /** Settles when it has ended, by itself or not. */
  readonly ended: Promise<DebianResult>;
  /** What it has printed so far, both streams as they came. */
  output(): string;
  signal(name: "TERM" | "INT" | "HUP" | "QUIT" | "KILL" | "STOP" | "CONT" | "USR1" | "USR2"): void;
  /** Asks it to end, kills it with all its children after `graceSeconds`. May be called again. */
  stop(): Promise<DebianResult>;
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
  const { child, running } = launch(program, program.stdin);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeoutSeconds * 1000);
  try {
    const result = await running.ended;
    if (timedOut)
      throw new Error(
        `${program.argv.join(" ")} did not end within ${timeoutSeconds} s; it printed:\n${running.output()}`,
      );
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/** Starts a server. That it runs does not mean that it serves: see waitUntilServing in test/support/servers.ts. */
export function startInDebian(program: DebianProgram): RunningProgram {
  return launch(program, undefined).running;
}

function launch(program: DebianProgram, stdin: string | undefined): { child: ChildProcess; running: RunningProgram } {
  const { network = "host", mounts = {}, graceSeconds = 10 } = program;
  const namespaces = ["--mount", "--pid", "--ipc", "--fork", "--kill-child", ...(network === "own" ? ["--net"] : [])];
  const mountArgs = Object.entries(mounts).flatMap(([inside, host]) => [host, inside]);
  const enter = ["sh", join(import.meta.dirname, "enter.sh"), rootfsFolder, network, ...mountArgs];
  const child = spawn("unshare", [...namespaces, ...enter], {
    stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe", "pipe"],
  });
  // A program that has ended does not read what is still being sent to it; its exit code tells all that matters.
  child.stdin?.on("error", () => {}).end(stdin);

  // Its end is what stops the program, and the end of this process ends it too.
  const control = child.stdio[3] as Duplex;
  control.on("error", () => {});
  control.write(`${JSON.stringify(launchOf(program, graceSeconds))}\n`);

  const printed = { stdout: "", stderr: "", both: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]?.setEncoding("utf8").on("data", (text: string) => {
      printed[stream] += text;
      printed.both += text;
    });
  const ended = new Promise<DebianResult>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => {
      control.destroy();
      done({ exitCode: code ?? 137, stdout: printed.stdout, stderr: printed.stderr });
    });
  });
  const stop = (): Promise<DebianResult> => {
    control.end();
    return ended;
  };
  const running: RunningProgram = {
    ended,
    output: () => printed.both,
    signal: (name) => control.write(`${name}\n`),
    stop,
  };
  return { child, running };
}

function launchOf({ argv, files = {}, user = "root", env = {} }: DebianProgram, graceSeconds: number): Launch {
  return { argv, files, user, env, graceSeconds };
}
