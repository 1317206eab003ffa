import { join } from "node:path";
import { ensureRootfs, rootfsFolder } from "../../debian/rootfs.ts";
import type { Progress } from "../../failure.ts";
import { toolchainFolder } from "../../paths.ts";
import { buildFamily } from "../../toolchain/build.ts";
import type { FamilyName } from "../../toolchain/families.ts";
import { bakedStore } from "./bake.ts";
import { localSettings } from "./localSettings.ts";
import { difyImageNames, pullImages, type DifyImages } from "./registry.ts";

export { giveImages, hasImages } from "./give.ts";
export { coreDnsImage, pauseImage } from "./names.ts";
export type { DifyImages } from "./registry.ts";

/** Families whose programs go into images. */
const imageFamilies: readonly FamilyName[] = ["etcd", "minio", "coredns"];

/** Makes the images of the local cluster's nodes unless they are there: about a minute, once. */
export async function ensureImages(onProgress: Progress = () => undefined): Promise<string> {
  await ensureRootfs(onProgress);
  for (const family of imageFamilies) await buildFamily(toolchainFolder, family, onProgress);
  const folder = join(toolchainFolder, "images");
  const from = { rootfs: rootfsFolder, programs: join(toolchainFolder, "bin"), settings: localSettings() };
  return bakedStore({ folder, ...from }, onProgress);
}

/** Adds Dify's own images to those of {@link ensureImages}, where their registries can be reached: a question of 3 s at most. */
export async function ensureDifyImages(baked: string, onProgress: Progress = () => undefined): Promise<DifyImages> {
  return pullImages(baked, difyImageNames(localSettings().dify), onProgress);
}
