import { spawn } from "node:child_process";
import { glob, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bakedStore, writeRecord } from "../../../../local/cluster/images/bake.ts";
import { dataPlane } from "../../../../local/cluster/images/dataPlane.ts";
import { giveImages, hasImages } from "../../../../local/cluster/images/give.ts";
import { ensureImages } from "../../../../local/cluster/images/index.ts";
import { localSettings } from "../../../../local/cluster/images/localSettings.ts";
import { coreDnsImage, fullName, pauseImage } from "../../../../local/cluster/images/names.ts";
import { difyImageNames } from "../../../../local/cluster/images/registry.ts";
import { usesDebian } from "../../../support/debian.ts";
import { namesIn, smallBakery } from "./bakery.ts";

usesDebian();
const silent = () => undefined;
const minute = 60_000;

async function find(folder: string, pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const name of glob(pattern, { cwd: folder })) found.push(name);
  return found;
}

describe("a store of images", () => {
  let bakery: Awaited<ReturnType<typeof smallBakery>>;
  beforeEach(async () => {
    bakery = await smallBakery();
  }, minute);
  afterEach(() => rm(bakery.home, { recursive: true }));

  it(
    "is made once, and holds what nodes need under every name that pods ask for",
    async () => {
      const seen: string[] = [];
      const baked = await bakedStore(bakery, (line) => seen.push(line));
      const wanted = dataPlane(bakery.settings).images.flatMap(({ names }) => names);
      expect((await namesIn(baked)).toSorted()).toEqual([...wanted, coreDnsImage, pauseImage].toSorted());
      expect(await readdir(bakery.folder)).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);

      const told = seen.length;
      expect(await bakedStore(bakery, (line) => seen.push(line))).toBe(baked);
      expect(seen).toHaveLength(told);
    },
    2 * minute,
  );

  it.each([
    ["another Debian", async () => writeFile(join(bakery.rootfs, ".key"), "second\n")],
    ["another program", async () => writeFile(join(bakery.programs, "etcd"), "a newer etcd\n")],
  ])(
    "is made anew for %s, in place of the former",
    async (_, change) => {
      const former = await bakedStore(bakery, silent);
      await change();
      const next = await bakedStore(bakery, silent);
      expect(next).not.toBe(former);
      expect(await readdir(bakery.folder)).toEqual([next.split("/").at(-1)]);
    },
    2 * minute,
  );

  it(
    "is made by the next run when one was killed in the middle",
    async () => {
      const module = (name: string) =>
        JSON.stringify(join(import.meta.dirname, "../../../../local/cluster/images", name));
      const { settings, ...rest } = bakery;
      const script = `import { bakedStore } from ${module("bake.ts")};
        import { localSettings } from ${module("localSettings.ts")};
        await bakedStore({ ...${JSON.stringify(rest)}, settings: localSettings() }, (line) => console.log(line));`;
      const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = once(child, "exit");
      for await (const line of createInterface(child.stdout)) if (line.startsWith("unpacking")) child.kill("SIGKILL");
      expect(await ended).toEqual([null, "SIGKILL"]);
      expect(await readdir(bakery.folder)).toContain("unfinished");

      const baked = await bakedStore({ ...rest, settings }, silent);
      expect(await namesIn(baked)).toContain(pauseImage);
      expect(await readdir(bakery.folder)).toEqual([baked.split("/").at(-1)]);
    },
    2 * minute,
  );

  it(
    "is given to a node by links, with databases of its own, and again when it has changed",
    async () => {
      const baked = await bakedStore(bakery, silent);
      const folder = join(bakery.home, "node/containerd");
      await mkdir(join(bakery.home, "node"));
      await giveImages(baked, folder);

      const inode = async (file: string) => (await stat(file)).ino;
      const files = await find(baked, "**/*.db");
      expect(files).toEqual(
        expect.arrayContaining([expect.stringContaining("meta.db"), expect.stringContaining("metadata.db")]),
      );
      for (const file of files) {
        expect(await inode(join(folder, file))).not.toBe(await inode(join(baked, file)));
        expect(await readFile(join(folder, file))).toEqual(await readFile(join(baked, file)));
      }
      const [unpacked = ""] = await find(baked, "*/snapshots/*/fs/usr/local/bin/minio");
      expect(await inode(join(folder, unpacked))).toBe(await inode(join(baked, unpacked)));

      await writeFile(join(folder, "kept"), "");
      await giveImages(baked, folder);
      expect(await readdir(folder)).toContain("kept");
      await writeRecord(baked, { key: "other", pulled: [] });
      expect(hasImages(baked, folder)).toBe(false);
      await giveImages(baked, folder);
      expect(hasImages(baked, folder)).toBe(true);
      expect(await readdir(folder)).not.toContain("kept");
    },
    2 * minute,
  );
});

describe("the images of the local cluster", () => {
  it(
    "are all that its pods ask for, but for Dify's own",
    async () => {
      const golden = await readFile(new URL("../../../golden/local.json", import.meta.url), "utf8");
      const asked = [...golden.matchAll(/"image": "([^"]+)"/g)].map(([, name = ""]) => fullName(name));
      const dify = difyImageNames(localSettings().dify);
      const names = await namesIn(await ensureImages((line) => process.stderr.write(`${line}\n`)));
      expect(names).toEqual(expect.arrayContaining(asked.filter((name) => !dify.includes(name))));
    },
    15 * minute,
  );
});
