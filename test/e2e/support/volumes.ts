import { CoreV1Api } from "@kubernetes/client-node";
import { must, running } from "./nodes.ts";
import { clusterConfig, type Pod } from "./kubernetes.ts";
import type { Stack } from "./stack.ts";

/** Where nodes mount their volumes. */
const mounts = "/var/lib/dify-ha/volumes";
/** Not the pod's own, so that nothing in it minds the file. */
const filler = ".filled-by-a-test";

/** Fills the volume of a pod's claim to its last free block: the file system has a size of its own, so the pod meets a real ENOSPC. */
export async function fillVolume(stack: Stack, pod: Pod, claim: string): Promise<void> {
  const folder = await folderOf(stack, pod, claim);
  // Most of it is reserved without being written, so that the machine's disk has no part in it; the rest is written until no block is left.
  const fill = `free=$(df --output=avail -k "$1" | tail -n 1)
    [ "$free" -le 64 ] || fallocate -l "$((free - 64))K" "$1/${filler}"
    ! dd if=/dev/zero bs=4k of="$1/${filler}" oflag=append conv=notrunc 2>/dev/null`;
  await must(stack, pod.node, ["sh", "-c", fill, "fill", folder]);
}

/** Frees what `fillVolume` took, on all nodes that run. */
export async function freeVolumes(stack: Stack): Promise<void> {
  for (const { name } of running(stack)) await must(stack, name, ["sh", "-c", `rm -f ${mounts}/*/${filler}`]);
}

async function folderOf(stack: Stack, pod: Pod, claim: string): Promise<string> {
  const { spec } = await clusterConfig(stack)
    .makeApiClient(CoreV1Api)
    .readNamespacedPersistentVolumeClaim({ namespace: stack.namespaces.data, name: `${claim}-${pod.name}` });
  if (!spec?.volumeName) throw new Error(`The claim ${claim} of ${pod.name} has no volume.`);
  return `${mounts}/${spec.volumeName}`;
}
