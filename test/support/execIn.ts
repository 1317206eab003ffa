import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { execa } from "execa";
import type { DebianResult, RunningProgram } from "./debian.ts";

const childOf = (pid: number): number =>
  Number(execFileSync("pgrep", ["-P", `${pid}`, "--oldest"], { encoding: "utf8" }).trim());

/** Runs something beside a program, in its file system and with its account and environment: what `kubectl exec` does in a container. */
export async function execIn(
  program: RunningProgram,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<DebianResult> {
  // The first process starts the program, as its account.
  const first = childOf(program.pid);
  const target = childOf(first);
  const own = readFileSync(`/proc/${target}/environ`, "utf8")
    .split("\0")
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
  const [uid = "0", gid = "0"] = ["Uid", "Gid"].map(
    (id) => new RegExp(`^${id}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${target}/status`, "utf8"))?.[1] ?? "0",
  );
  const account = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  const enter = [`--target=${first}`, "--mount", "--pid", "--ipc", "--net", `--root=/proc/${first}/root`];
  const { exitCode, stdout, stderr } = await execa("nsenter", [...enter, "setpriv", ...account, ...argv], {
    reject: false,
    stdin: "ignore",
    extendEnv: false,
    env: { ...Object.fromEntries(own), ...env },
  });
  return { exitCode: exitCode ?? 137, stdout, stderr };
}
