import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "../../../config/settings.ts";
import type { Progress } from "../../failure.ts";
import { withLock } from "../lock.ts";
import { dataPlane, dataPlanePrograms, layOutDataPlane, layOutProgram } from "./dataPlane.ts";
import { coreDnsImage, pauseImage } from "./names.ts";
import { writeLayout, type Image } from "./oci.ts";
import { withStore } from "./store.ts";

/** From what images are made, and where. */
export interface Bakery {
  /** Keeps one store a recipe; the newest only. */
  readonly folder: string;
  /** Debian with the programs of the data plane. */
  readonly rootfs: string;
  /** Folder of the programs that are built here. */
  readonly programs: string;
  /** Those of the stack whose pods will run. */
  readonly settings: Settings;
}

/** Written last: a store that has it is complete. Nodes get it with their copy. */
const recordName = "images.json";

/** What a store holds. */
export interface StoreRecord {
  readonly key: string;
  /** Images from registries. */
  readonly pulled: readonly string[];
}

export function readRecord(store: string): StoreRecord | undefined {
  const file = join(store, recordName);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as StoreRecord) : undefined;
}

export async function writeRecord(store: string, record: StoreRecord): Promise<void> {
  await writeFile(join(store, `${recordName}.new`), JSON.stringify(record));
  await rename(join(store, `${recordName}.new`), join(store, recordName));
}

/**
 * Makes all images that nodes need once, unpacked as containerd keeps them: nodes then start with a copy in no time. Done again when
 * Debian, a program or a name has changed; the former store goes then. What a killed run has left is no hindrance.
 * @returns the folder of the store.
 */
export async function bakedStore(bakery: Bakery, onProgress: Progress): Promise<string> {
  const key = await recipeKey(bakery);
  const baked = join(bakery.folder, key);
  if (readRecord(baked)) return baked;
  return withLock(bakery.folder, onProgress, async () => {
    if (readRecord(baked)) return baked;
    for (const name of await readdir(bakery.folder))
      if (!name.startsWith("lock")) await rm(join(bakery.folder, name), { recursive: true });
    const work = join(bakery.folder, "unfinished");
    await bake(work, bakery, onProgress);
    await writeRecord(join(work, "store"), { key, pulled: [] });
    await rename(join(work, "store"), baked);
    await rm(work, { recursive: true });
    return baked;
  });
}

async function bake(work: string, { rootfs, programs, settings }: Bakery, onProgress: Progress): Promise<void> {
  onProgress("packing the images of the data plane, of DNS and of pods' sandboxes");
  await mkdir(work, { recursive: true });
  const plane = dataPlane(settings);
  const debian = { folder: rootfs, without: ["./.key", "./mnt/*", "./dev/*", "./var/lib/containerd"] };
  const added = await layOutDataPlane(join(work, "data-plane"), plane, { rootfs, programs });
  const dns = await layOutProgram(join(work, "coredns"), join(programs, "coredns"), "coredns");
  const pause = await layOutProgram(join(work, "pause"), join(rootfs, "usr/bin/catatonit"), "catatonit");
  const images: Image[] = [
    ...plane.images.map((image) => ({ ...image, layers: [debian, added] })),
    { names: [coreDnsImage], layers: [dns], entrypoint: ["/coredns"] },
    { names: [pauseImage], layers: [pause], entrypoint: ["/catatonit", "-P"] },
  ];
  const layout = join(work, "layout");
  await writeLayout(layout, images);
  await withStore({ root: join(work, "store"), state: join(work, "state") }, async (store) => {
    onProgress("unpacking them for the nodes");
    await store.import(layout);
    await store.dropPackedLayers();
  });
}

/** Whatever the result depends on: Debian, the programs, the names, and how images are made. */
async function recipeKey({ rootfs, programs, settings }: Bakery): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([dataPlane(settings), coreDnsImage, pauseImage]));
  hash.update(await readFile(join(rootfs, ".key")));
  for (const program of [...dataPlanePrograms, "coredns"]) {
    const { size, mtimeMs } = await stat(join(programs, program));
    hash.update(`${program} ${size} ${mtimeMs}`);
  }
  for (const source of ["bake.ts", "dataPlane.ts", "accounts.ts", "oci.ts"])
    hash.update(await readFile(join(import.meta.dirname, source)));
  return hash.digest("hex").slice(0, 16);
}
