import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootfsFolder } from "../../../debian/rootfs.ts";
import { ensureImages, giveImages, hasImages, pauseImage } from "../../images/index.ts";
import { difyLabel } from "../../layout.ts";
import { certFile, keyFile } from "../../pki/certificate.ts";
import { ensureIdentity, pkiPaths } from "../../pki/index.ts";
import { ensureRunning, isCurrent, stopProcess, type ServerProcess } from "../../process/supervise.ts";
import type { NodeContext } from "../index.ts";
import { ensureCgroups, killCgroup, removeCgroups } from "./cgroups.ts";
import { kubeletArguments, nodeFiles } from "./configuration.ts";
import { clearNodeNetwork } from "./network.ts";
import { lanOf, type RealNode } from "./topology.ts";

const script = join(import.meta.dirname, "node.sh");

/** By which pods choose among nodes. */
const labelsOf = ({ settings }: NodeContext): Record<string, string> => ({
  "dify-ha.local/nodes": "real",
  ...(settings.difyOn === "real" && { [difyLabel]: "true" }),
});

export const processName = (node: RealNode): string => `node-${node.name}`;

/** Where the node's containerd keeps images and containers. */
const imagesOf = (node: RealNode): string => join(node.folder, "containerd");

/** Whether it runs as it would be started now, with the images of now. */
export async function isNodeCurrent(context: NodeContext, node: RealNode): Promise<boolean> {
  return isCurrent(context.dir, describe(context, node)) && hasImages(await ensureImages(), imagesOf(node));
}

/** Boots a node, with the volumes it had. What runs already stays untouched. */
export async function startNode(context: NodeContext, node: RealNode): Promise<void> {
  await layOut(context, node);
  const images = await ensureImages(context.onProgress);
  const server = describe(context, node);
  if (isCurrent(context.dir, server) && hasImages(images, imagesOf(node))) return;
  await stopNode(context.dir, node);
  // Only now: what a running containerd has open must not be replaced.
  await giveImages(images, imagesOf(node));
  await clearNodeNetwork(node);
  ensureCgroups(node.cgroup);
  await ensureRunning(context.dir, server);
}

/** Ends everything on a node at once, as the loss of its power does. */
export async function stopNode(dir: string, node: RealNode): Promise<void> {
  await killCgroup(node.cgroup);
  await stopProcess(dir, processName(node));
  await removeCgroups(node.cgroup);
}

async function layOut(context: NodeContext, node: RealNode): Promise<void> {
  const folders = ["root/upper", "root/work", "root/merged", "kubelet", "pods", "volumes", "etc/cni", "log"];
  for (const folder of folders) mkdirSync(join(node.folder, folder), { recursive: true });
  const etc = join(node.folder, "etc");
  const files = nodeFiles(node, pauseImage);
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(etc, name.endsWith(".conflist") ? `cni/${name}` : name), content, { mode: 0o600 });
  await giveIdentities(context, node, etc);
}

/** The kubelet's own identity, with which it also serves, and kube-proxy's. */
async function giveIdentities({ dir, settings }: NodeContext, node: RealNode, etc: string): Promise<void> {
  const server = { host: lanOf(dir).address, port: settings.ports.apiServer };
  const kubelet = await ensureIdentity(
    dir,
    processName(node),
    {
      commonName: `system:node:${node.name}`,
      organization: "system:nodes",
      dnsNames: [node.name],
      addresses: [node.address],
    },
    server,
  );
  const proxy = await ensureIdentity(dir, "kube-proxy", { commonName: "system:kube-proxy" }, server);
  const copies = {
    "ca.crt": certFile(pkiPaths(dir).authority),
    "kubelet.crt": certFile(kubelet.certificate),
    "kubelet.key": keyFile(kubelet.certificate),
    "kubelet.kubeconfig": kubelet.kubeconfig,
    "kube-proxy.kubeconfig": proxy.kubeconfig,
  };
  for (const [name, file] of Object.entries(copies)) copyFileSync(file, join(etc, name));
}

function describe(context: NodeContext, node: RealNode): ServerProcess {
  const isolated = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"];
  const given = [node.name, node.folder, rootfsFolder, context.settings.binDir, node.cgroup];
  const etc = join(node.folder, "etc");
  return {
    name: processName(node),
    program: "/usr/bin/unshare",
    args: [...isolated, "sh", script, ...given, ...kubeletArguments(node, labelsOf(context))],
    namespace: node.netns,
    ports: [],
    files: [
      script,
      // The node's root lies on it: another Debian means another boot.
      join(rootfsFolder, ".key"),
      ...["containerd.toml", "kubelet.yaml", "kube-proxy.yaml", "kubelet.crt"].map((name) => join(etc, name)),
    ],
  };
}
