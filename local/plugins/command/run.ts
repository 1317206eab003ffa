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

/** Exit code and last words of a program that failed. */
export class ProgramError extends Error {
  readonly exitCode: number | null;

  constructor(exitCode: number | null, reason: string) {
    super(reason);
    this.name = "ProgramError";
    this.exitCode = exitCode;
  }
}

/**
 * Runs a program to its end and returns what it wrote, without the last line break.
 * @throws ProgramError when it cannot be started, ends with another exit code than 0, or is cancelled.
 */
export function run({ file, args, cwd, env, stdin, signal, onLine }: Program): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, signal, stdio: "pipe" });
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
    child.on("error", (error) => reject(new ProgramError(null, `${file} could not be run: ${error.message}`)));
    child.on("close", (code, ended) => {
      if (code === 0) return resolve({ stdout: trimmed(output.stdout), stderr: trimmed(output.stderr) });
      const words = trimmed(output.stderr) || trimmed(output.stdout);
      reject(
        new ProgramError(code, `${code === null ? `ended by ${ended}` : `exit code ${code}`}${words && `: ${words}`}`),
      );
    });
    // A program that does not read its input is no failure.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin);
  });
}

function trimmed(text: string): string {
  return text.replace(/\r?\n$/, "");
}
