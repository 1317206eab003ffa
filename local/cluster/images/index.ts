import { join } from "node:path";
import { ensureRootfs } from "../../debian/rootfs.ts";
import type { Progress } from "../../failure.ts";
import { toolchainFolder } from "../../paths.ts";
import { buildFamily } from "../../toolchain/build.ts";
import { bakedStore, imageFamilies } from "./bake.ts";
import { localSettings } from "./localSettings.ts";

export { giveImages, hasImages } from "./give.ts";
export { coreDnsImage, pauseImage } from "./names.ts";

/** Makes the images of the local cluster's nodes unless they are there: about a minute, once.  */
export async function ensureImages(onProgress: Progress = () => undefined): Promise<string> {
  await ensureRootfs(onProgress);
  for (const family of imageFamilies) await buildFamily(toolchainFolder, family, onProgress);
  const folder = join(toolchainFolder, "images");
  return bakedStore({ folder, programs: join(toolchainFolder, "bin"), settings: localSettings() }, onProgress);
}
