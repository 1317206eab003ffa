import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildFamily, isBuilt } from "../../../local/toolchain/build.ts";

/** A Go that writes a program half and then does as told, so that a build can be broken in the middle. */
const compiler = (end: string): string => `#!/bin/sh
if [ "$1" = version ]; then echo "go version go1.26.0 linux/amd64"; exit; fi
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
echo half >"$out"
${end}
`;

describe("a build", () => {
  let folder: string;
  const path = process.env["PATH"];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dify-ha-build-"));
  });
  afterEach(async () => {
    process.env["PATH"] = path;
    await rm(folder, { recursive: true });
  });

  async function useGo(end: string): Promise<void> {
    const go = join(folder, "go");
    await writeFile(go, compiler(end));
    await chmod(go, 0o755);
    process.env["PATH"] = [folder, path].join(delimiter);
  }

  it("leaves nothing that looks finished when it breaks off, and says why in one line", async () => {
    await useGo('case $out in *etcdctl) echo "no space left on device" >&2; exit 1 ;; esac');
    await expect(buildFamily(folder, "etcd", () => undefined)).rejects.toThrow(
      "go build for etcd failed: no space left on device",
    );
    expect(await readdir(join(folder, "bin"))).toEqual([]);
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
    expect(await isBuilt(folder, "etcd")).toBe(false);
  });

  it("is done once and reused", async () => {
    await useGo('echo "$out" >>"$0.calls"');
    const seen: string[] = [];
    for (let i = 0; i < 2; i++) await buildFamily(folder, "etcd", (message) => seen.push(message));
    expect(seen).toEqual(["compiling etcd", "compiling etcdctl"]);
    expect((await readFile(join(folder, "go.calls"), "utf8")).trim().split("\n")).toHaveLength(2);
    expect((await readdir(join(folder, "bin"))).toSorted()).toEqual(["etcd", "etcdctl"]);
  });

  it("is done again when a program is gone or the recipe has changed", async () => {
    await useGo(":");
    await buildFamily(folder, "etcd", () => undefined);
    expect(await isBuilt(folder, "etcd")).toBe(true);
    await rm(join(folder, "bin", "etcdctl"));
    expect(await isBuilt(folder, "etcd")).toBe(false);
    await buildFamily(folder, "etcd", () => undefined);
    await writeFile(join(folder, "stamps", "etcd"), "made from older modules");
    expect(await isBuilt(folder, "etcd")).toBe(false);
  });
});
