import { execa } from "execa";
import { Kubectl } from "../../kubectl.ts";
import { readSettings } from "../../layout.ts";
import type { NodeContext } from "../index.ts";
import { setCable } from "./network.ts";
import { startNode, stopNode } from "./node.ts";
import { initPid, realNode } from "./topology.ts";

/** Loses a node as a power cut does: first its cable, so that no connection is closed in order, then everything on it at once. */
export async function losePower(dir: string, name: string): Promise<void> {
  const node = realNode(dir, name);
  await setCable(dir, node, "down");
  await stopNode(dir, node);
}

/** Boots a node again, with its volumes. Returns when it has begun to start. */
export async function restorePower(dir: string, name: string): Promise<void> {
  const node = realNode(dir, name);
  await setCable(dir, node, "up");
  await startNode(contextOf(dir), node);
}

/** Pulls a node's cable: it lives on, alone. */
export async function cutOff(dir: string, name: string): Promise<void> {
  await setCable(dir, realNode(dir, name), "down");
}

export async function reconnect(dir: string, name: string): Promise<void> {
  await setCable(dir, realNode(dir, name), "up");
}

/** Runs a program in a node's namespaces, with the node's root file system. A failure is a result, not an exception. */
export async function runOnNode(dir: string, name: string, argv: readonly string[]) {
  const pid = initPid(realNode(dir, name));
  if (pid === undefined) throw new Error(`Node ${name} is off: nothing can be run on it.`);
  const root = `/proc/${pid}/root`;
  const enter = ["-t", `${pid}`, "-m", "-p", "-n", "-u", "-i", `--root=${root}`, `--wd=${root}`];
  const { exitCode, stdout, stderr } = await execa("nsenter", [...enter, ...argv], { reject: false });
  return { exitCode: exitCode ?? 1, stdout, stderr };
}

function contextOf(dir: string): NodeContext {
  const settings = readSettings(dir);
  if (!settings) throw new Error(`There is no cluster in ${dir}.`);
  return { dir, settings, kubectl: new Kubectl(dir, settings), onProgress: () => undefined };
}
