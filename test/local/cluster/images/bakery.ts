import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Bakery } from "../../../../local/cluster/images/bake.ts";
import { localSettings } from "../../../../local/cluster/images/localSettings.ts";
import { withStore } from "../../../../local/cluster/images/store.ts";

/** A folder for images, made from a Debian of four files and programs of a few bytes: it bakes in seconds what the real one does in a minute. */
export async function smallBakery(): Promise<Bakery & { readonly home: string }> {
  const home = await mkdtemp(join(tmpdir(), "dify-ha-bakery-"));
  const files = {
    "rootfs/.key": "first\n",
    "rootfs/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "rootfs/etc/group": "root:x:0:\n",
    "rootfs/usr/bin/catatonit": "catatonit\n",
    ...Object.fromEntries(["etcd", "etcdctl", "minio", "coredns"].map((name) => [`programs/${name}`, `${name}\n`])),
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(home, dirname(name)), { recursive: true });
    await writeFile(join(home, name), content);
  }
  return {
    home,
    folder: join(home, "images"),
    rootfs: join(home, "rootfs"),
    programs: join(home, "programs"),
    settings: localSettings(),
  };
}

/** The names of a store's images; looked up in a copy, since whoever serves a store writes to it. */
export async function namesIn(store: string): Promise<string[]> {
  const copy = await mkdtemp(join(tmpdir(), "dify-ha-store-"));
  try {
    // What it has unpacked is not looked at.
    const filter = (source: string) => !source.includes("/snapshots/");
    await cp(store, join(copy, "root"), { recursive: true, filter });
    return await withStore({ root: join(copy, "root"), state: join(copy, "state") }, (served) => served.names());
  } finally {
    await rm(copy, { recursive: true });
  }
}
