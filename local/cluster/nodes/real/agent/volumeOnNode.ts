import { execa } from "execa";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { initPid, type RealNode } from "../topology.ts";

const script = readFileSync(join(import.meta.dirname, "volume.sh"), "utf8");

/** Where a volume is found on its node. */
export const volumePath = (name: string): string => `/var/lib/dify-ha/volumes/${name}`;

/** Makes a volume, or what is still missing of it, and mounts it. @throws when the node is off or starting: to be tried again. */
export const makeVolume = (node: RealNode, name: string, bytes: bigint): Promise<void> =>
  onNode(node, "make", name, `${bytes}`);

/** Grows a volume while it is in use; one that is large enough stays as it is. */
export const growVolume = (node: RealNode, name: string, bytes: bigint): Promise<void> =>
  onNode(node, "grow", name, `${bytes}`);

/** Removes a volume and all that was in it. Of a node that is off, too. */
export async function removeVolume(node: RealNode, name: string): Promise<void> {
  if (liveInit(node) !== undefined) return onNode(node, "remove", name);
  for (const file of [`${name}.img`, `${name}.img.new`]) rmSync(join(node.folder, "volumes", file), { force: true });
}

async function onNode(node: RealNode, ...args: string[]): Promise<void> {
  const pid = liveInit(node);
  if (pid === undefined) throw new Error(`${node.name} is off: volume ${args[1]} has to wait`);
  const kinds = ["mount", "pid", "uts", "ipc", "net"].map((kind) => `--${kind}`);
  const enter = [`--target=${pid}`, ...kinds, `--root=/proc/${pid}/root`, `--wd=/proc/${pid}/root`];
  const { failed, stderr, shortMessage } = await execa(
    "nsenter",
    [...enter, "sh", "-c", script, "volume.sh", ...args],
    {
      reject: false,
      timeout: 120_000,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    },
  );
  if (failed) throw new Error(`${node.name}: volume.sh ${args.join(" ")}: ${stderr || shortMessage}`);
}

/** The node's first process; one that has ended, but that nobody has asked for yet, has no namespaces any more. */
function liveInit(node: RealNode): number | undefined {
  const pid = initPid(node);
  return pid !== undefined && existsSync(`/proc/${pid}/ns/mnt`) ? pid : undefined;
}
