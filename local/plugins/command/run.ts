import { spawn } from "node:child_process";

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: string;
  readonly signal: AbortSignal;
  /** Told each line that may be shown. */
  readonly onLine: (stream: "stdout" | "stderr", line: string) => void;
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program failed, with its last words. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
}

/**
 * Runs a program to its end and returns what it wrote, without the last line break.
 * @throws ProgramError when it cannot be started, ends with another exit code than 0, or is cancelled.
 */
export function run({ file, args, cwd, env, stdin, signal, onLine }: Program): Promise<Output> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that a cancelled shell takes along what it has started.
    const child = spawn(file, args, { cwd, env, detached: true, stdio: "pipe" });
    const end = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    };
    signal.addEventListener("abort", end, { once: true });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      let line = "";
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
        const lines = (line + text).split("\n");
        line = lines.pop() ?? "";
        for (const complete of lines) onLine(name, complete);
      });
      child[name].on("end", () => line && onLine(name, line));
    }
    child.on("error", (error) => reject(new ProgramError(`${file} could not be run: ${error.message}`)));
    child.on("close", (code, ended) => {
      signal.removeEventListener("abort", end);
      if (code === 0) return resolve({ stdout: trimmed(output.stdout), stderr: trimmed(output.stderr) });
      if (signal.aborted) return reject(new ProgramError("the operation was cancelled"));
      const words = trimmed(output.stderr) || trimmed(output.stdout);
      const how = code === null ? `ended by ${ended}` : `exit code ${code}`;
      reject(new ProgramError(words ? `${how}: ${words}` : how));
    });
    // A program that does not read its input is no failure.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin);
  });
}

function trimmed(text: string): string {
  return text.replace(/\r?\n$/, "");
}
