import { execa } from "execa";

/**
 * Does something while a folder of this machine is a volume of its own that is soon full; what it holds goes with it.
 * @param kibibytes Its size.
 */
export async function onSmallVolume<T>(folder: string, kibibytes: number, work: () => Promise<T>): Promise<T> {
  await execa("mount", ["-t", "tmpfs", "-o", `size=${kibibytes}k,mode=777`, "tmpfs", folder]);
  try {
    return await work();
  } finally {
    await execa("umount", [folder]);
  }
}
