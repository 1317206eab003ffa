import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { lanOf, namePrefix, netnsFolder, realNodesOf, type RealNode } from "./topology.ts";

/**
 * Network namespaces of a cluster: one with a bridge and the control plane, one a node. The host's own network is left alone: nothing in
 * it leads here but a forwarder on loopback (forward.ts). What exists is kept.
 */
export async function ensureNetwork(dir: string): Promise<void> {
  const lan = lanOf(dir);
  if (!existsSync(lan.netns)) {
    await addNamespace(lan.netns);
    await ip(lan.netns, "link", "add", lan.bridge, "type", "bridge");
    await ip(lan.netns, "address", "add", `${lan.address}/${lan.prefixLength}`, "dev", lan.bridge);
    await ip(lan.netns, "link", "set", lan.bridge, "up");
  }
  const nodes = realNodesOf(dir);
  for (const node of nodes) if (!existsSync(node.netns)) await addNode(dir, node, nodes);
}

/** A cable from the bridge to the node, and routes to the pods of all others. */
async function addNode(dir: string, node: RealNode, all: readonly RealNode[]): Promise<void> {
  const lan = lanOf(dir);
  await addNamespace(node.netns);
  const other = ["peer", "name", "eth0", "netns", nameOf(node.netns)];
  await ip(lan.netns, "link", "add", cable(node), "type", "veth", ...other);
  await ip(lan.netns, "link", "set", cable(node), "master", lan.bridge, "up");
  await ip(lan.netns, "route", "add", node.podCidr, "via", node.address);
  await ip(node.netns, "address", "add", `${node.address}/${lan.prefixLength}`, "dev", "eth0");
  await ip(node.netns, "link", "set", "eth0", "up");
  await ip(node.netns, "route", "add", "default", "via", lan.address);
  for (const { podCidr, address, name } of all)
    if (name !== node.name) await ip(node.netns, "route", "add", podCidr, "via", address);
  // Bridged pods must pass the rules that stand for Services and network policies.
  const switches = ["ipv4/ip_forward", "bridge/bridge-nf-call-iptables"].map((path) => `/proc/sys/net/${path}`);
  await inNamespace(node.netns, ["sh", "-c", 'for file; do echo 1 >"$file"; done', "sh", ...switches]);
}

/** Name of a node's end of the cable on the bridge: at most 15 characters. */
const cable = ({ name }: RealNode): string => name;

const nameOf = (netns: string): string => netns.slice(netnsFolder.length + 1);

async function addNamespace(netns: string): Promise<void> {
  await execa("ip", ["netns", "add", nameOf(netns)]);
  await ip(netns, "link", "set", "lo", "up");
}

const ip = (netns: string, ...args: string[]) => execa("ip", ["-n", nameOf(netns), ...args]);

/** Runs a program in a network namespace. Not `ip netns exec`, which hides the control groups. */
export const inNamespace = (netns: string, argv: readonly string[]) => execa("nsenter", [`--net=${netns}`, ...argv]);

/** Pulls the node's cable, or puts it back: nothing goes in or out meanwhile, and nobody is told. */
export async function setCable(dir: string, node: RealNode, state: "down" | "up"): Promise<void> {
  await ip(lanOf(dir).netns, "link", "set", cable(node), state);
}

/** What pods of a former life left in a node's network: as after a reboot, it starts empty. */
export async function clearNodeNetwork(node: RealNode): Promise<void> {
  const { stdout } = await ip(node.netns, "-json", "link");
  const links = (JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname);
  for (const link of links) if (/^(veth|cni)/.test(link)) await ip(node.netns, "link", "delete", link).catch(() => {});
}

/** Removes exactly this cluster's namespaces, also those of a start that was cut off. */
export async function removeNetwork(dir: string): Promise<void> {
  if (!existsSync(netnsFolder)) return;
  const own = readdirSync(netnsFolder).filter((name) => name.startsWith(namePrefix(dir)));
  for (const name of own)
    // Beside the namespaces lie the sockets of their forwarders.
    if (name.endsWith(".socket")) rmSync(join(netnsFolder, name));
    else await execa("ip", ["netns", "delete", name]);
}
