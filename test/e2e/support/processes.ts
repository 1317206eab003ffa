import { readdirSync, readFileSync } from "node:fs";
import { execa } from "execa";
import type { Pod } from "./kubernetes.ts";

/** A process of a container, as the host sees it. */
export interface ContainerProcess {
  readonly pid: number;
  /** Its command line, with spaces between arguments. */
  readonly command: string;
  /** The container's first process, with which it ends. */
  readonly first: boolean;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // It has just ended.
  }
};

/** Numbers of all processes whose control group's path has this in it. */
export function pidsIn(group: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/cgroup`).includes(group))
    .map(Number);
}

/** Processes of a container, found by its control group: no kubelet and no network is asked, so that it works whatever has failed. */
export function processesOf(pod: Pod, container: string): ContainerProcess[] {
  const id = pod.containers[container];
  if (!id) return [];
  return pidsIn(id).map((pid) => ({
    pid,
    command: read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim(),
    first: /^NSpid:.*\t1$/m.test(read(`/proc/${pid}/status`)),
  }));
}

/** Ids of all containers that have a process on this machine: what the API server says of a node that was just lost is old. */
export function runningContainers(): Set<string> {
  const groups = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => read(`/proc/${name}/cgroup`).match(/[0-9a-f]{64}$/m) ?? []);
  return new Set(groups);
}

/** @throws when the container does not run. */
export function firstProcess(pod: Pod, container: string): number {
  const first = processesOf(pod, container).find((process) => process.first);
  if (!first) throw new Error(`Container ${container} of ${pod.name} does not run.`);
  return first.pid;
}

/** Kills those processes of a container whose command line fits, without a warning. @throws when there is none. */
export function killProcesses(pod: Pod, container: string, command: RegExp): void {
  const found = processesOf(pod, container).filter((process) => command.test(process.command));
  if (found.length === 0) throw new Error(`Nothing like ${command} runs in container ${container} of ${pod.name}.`);
  for (const { pid } of found) process.kill(pid, "SIGKILL");
}

/** Kills a container as a whole. */
export function killContainer(pod: Pod, container: string): void {
  process.kill(firstProcess(pod, container), "SIGKILL");
}

/**
 * Runs a program inside a running container: in its file system, network and processes, but not under its limits. It ends when the
 * container does.
 */
export function enter(pod: Pod, container: string, argv: readonly string[], input = "") {
  const target = ["-t", String(firstProcess(pod, container)), "-m", "-n", "-p", "-i", "-u"];
  return execa("nsenter", [...target, "env", "-i", `PATH=${path}`, ...argv], { input, reject: false });
}

const path = "/usr/local/bin:/usr/lib/postgresql/17/bin:/usr/bin:/bin";

/** Runs a program in a container to its end. @returns what it prints. @throws with what it says was wrong. */
export async function runInside(pod: Pod, container: string, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await enter(pod, container, argv);
  if (exitCode !== 0) throw new Error(`${argv[0]} in ${pod.name}: ${stderr}`);
  return stdout;
}
