import { losePower, restorePower, reconnect, runOnNode } from "../../../local/cluster/nodes/real/power.ts";
import { initPid, type RealNode } from "../../../local/cluster/nodes/real/topology.ts";
import { kubectl, type Pod } from "./kubernetes.ts";
import type { Stack } from "./stack.ts";

export { losePower, restorePower, reconnect, runOnNode };

/** A table of our own in each node, so that taking rules back is removing it. */
const table = "inet dify-ha-e2e";

/** Real nodes that are without power. */
export const nodesOff = ({ nodes }: Stack): RealNode[] => nodes.filter((node) => initPid(node) === undefined);

/** Any node that is none of these. @throws when there is none. */
export function otherNode({ nodes }: Stack, ...names: readonly string[]): string {
  const other = nodes.find(({ name }) => !names.includes(name));
  if (!other) throw new Error(`There is no node beside ${names.join(", ")}.`);
  return other.name;
}

/**
 * Drops all packets between a pod and some others, in both directions and within connections too, on the pod's own node. Everybody else
 * still reaches it.
 */
export async function part(stack: Stack, pod: Pod, others: readonly Pod[]): Promise<void> {
  const addresses = `{ ${others.map(({ ip }) => ip).join(", ")} }`;
  await addRules(stack, pod.node, [
    `ip saddr ${pod.ip} ip daddr ${addresses} drop`,
    `ip saddr ${addresses} ip daddr ${pod.ip} drop`,
  ]);
}

/** Drops all packets from and to a pod, but for those of its own node: the kubelet still sees it well. */
export async function isolate(stack: Stack, pod: Pod): Promise<void> {
  await addRules(stack, pod.node, [`ip saddr ${pod.ip} drop`, `ip daddr ${pod.ip} drop`]);
}

async function addRules(stack: Stack, node: string, rules: readonly string[]): Promise<void> {
  // Before translation of addresses is undone and before any other rule of forwarding.
  const chain = `${table} forward`;
  const commands = [
    `add table ${table}`,
    `add chain ${chain} { type filter hook forward priority -200; policy accept; }`,
    ...rules.map((rule) => `add rule ${chain} ${rule}`),
  ];
  await must(stack, node, ["nft", commands.join("; ")]);
}

/** Takes back what `part` and `isolate` did on all nodes that run. */
export async function mendNetwork(stack: Stack): Promise<void> {
  for (const { name } of running(stack)) await must(stack, name, ["nft", `add table ${table}; delete table ${table}`]);
}

/** A fault: a node loses its power, until it is given back. */
export const powerCut = ({ dir }: Stack, node: string) => ({
  avoid: node,
  inject: () => losePower(dir, node),
  end: () => restorePower(dir, node),
});

/** A fault: all nodes of a node's zone lose their power, the simulated ones too. */
export function zoneCut(stack: Stack, node: string) {
  const zone = stack.nodes.find(({ name }) => name === node)?.zone ?? "";
  const lost = stack.nodes.filter((candidate) => candidate.zone === zone);
  return {
    avoid: node,
    inject: async () => {
      await Promise.all([...lost.map(({ name }) => losePower(stack.dir, name)), loseSimulated(stack, zone)]);
    },
    end: async () => {
      for (const { name } of lost) await restorePower(stack.dir, name);
      await restoreSimulated(stack);
    },
  };
}

/** Runs a program on a node. @returns what it prints. @throws with what it says was wrong. */
export async function must({ dir }: Stack, node: string, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runOnNode(dir, node, argv);
  if (exitCode !== 0) throw new Error(`${argv[0]} on ${node}: ${stderr}`);
  return stdout;
}

export const running = ({ nodes }: Stack): RealNode[] => nodes.filter((node) => initPid(node) !== undefined);

const label = "dify-ha.local/nodes";

/** Loses simulated nodes of a zone too: nobody answers for them any more. */
async function loseSimulated(stack: Stack, zone: string): Promise<void> {
  const zoneAndKind = `topology.kubernetes.io/zone=${zone},${label}=simulated`;
  await kubectl(stack, "label", "node", `--selector=${zoneAndKind}`, "--overwrite", `${label}=lost`);
}

export async function restoreSimulated(stack: Stack): Promise<void> {
  await kubectl(stack, "label", "node", `--selector=${label}=lost`, "--overwrite", `${label}=simulated`);
}
