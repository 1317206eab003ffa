import { copyFile, glob, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { readRecord } from "./bake.ts";

/** Whether the folder holds the images of the store as they are now. */
export function hasImages(baked: string, folder: string): boolean {
  const given = readRecord(folder);
  return given !== undefined && JSON.stringify(given) === JSON.stringify(readRecord(baked));
}

/**
 * Gives a node's containerd a store of its own at `folder`, in about a second and some megabytes: what never changes in a store
 * (unpacked layers, manifests) is linked, its databases are copied. Nothing is done when the node has these images; otherwise what it
 * has is removed, containers with it: the node must be off then.
 */
export async function giveImages(baked: string, folder: string): Promise<void> {
  if (hasImages(baked, folder)) return;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await execa("cp", ["-a", ...((await onOneDisk(baked, dirname(folder))) ? ["--link"] : []), baked, unfinished]);
  for await (const database of glob("*/*.db", { cwd: unfinished })) {
    const copy = join(unfinished, `${database}.copy`);
    await copyFile(join(baked, database), copy);
    await rename(copy, join(unfinished, database));
  }
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
}

/** Elsewhere nothing can be linked, and each node has its gigabyte. */
async function onOneDisk(...folders: readonly string[]): Promise<boolean> {
  const disks = await Promise.all(folders.map(async (folder) => (await stat(folder)).dev));
  return disks.every((disk) => disk === disks[0]);
}
