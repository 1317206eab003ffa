import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeLayout } from "../../../../local/cluster/images/oci.ts";

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

describe("an OCI layout", () => {
  let folder: string;
  const layout = () => join(folder, "layout");
  const blob = ({ digest }: Descriptor) => join(layout(), "blobs/sha256", digest.replace("sha256:", ""));
  const json = async (file: string) => JSON.parse(await readFile(file, "utf8")) as unknown;
  const index = async () => (await json(join(layout(), "index.json"))) as { manifests: Descriptor[] };
  const manifestOf = async (name: string) => {
    const entry = (await index()).manifests.find((m) => m.annotations?.["io.containerd.image.name"] === name);
    return (await json(blob(entry!))) as { config: Descriptor; layers: Descriptor[] };
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dify-ha-oci-"));
    await mkdir(join(folder, "base/etc"), { recursive: true });
    await writeFile(join(folder, "base/etc/passwd"), "root\n");
    await writeFile(join(folder, "base/module.py"), "pass\n");
    await utimes(join(folder, "base/module.py"), 1_000_000, 1_000_000);
    await symlink("module.py", join(folder, "base/link.py"));
    await writeFile(join(folder, "base/.key"), "ours alone\n");
    await mkdir(join(folder, "more"));
    await writeFile(join(folder, "more/program"), "#!/bin/sh\n", { mode: 0o755 });
    const base = { folder: join(folder, "base"), without: ["./.key"] };
    await writeLayout(layout(), [
      { names: ["docker.io/library/one:1", "docker.io/library/two:2"], layers: [base], env: { LANG: "C.UTF-8" } },
      { names: ["example.com/three:3"], layers: [base, { folder: join(folder, "more") }], entrypoint: ["/program"] },
    ]);
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("names every blob by its digest and refers to it by digest and size", async () => {
    const names = await readdir(join(layout(), "blobs/sha256"));
    for (const name of names) {
      const content = await readFile(join(layout(), "blobs/sha256", name));
      expect(createHash("sha256").update(content).digest("hex")).toBe(name);
    }
    const manifests = await Promise.all(["docker.io/library/one:1", "example.com/three:3"].map(manifestOf));
    for (const descriptor of manifests.flatMap(({ config, layers }) => [config, ...layers]))
      expect((await readFile(blob(descriptor))).length).toBe(descriptor.size);
    expect(await json(join(layout(), "oci-layout"))).toEqual({ imageLayoutVersion: "1.0.0" });
  });

  it("gives an image all its names, and writes a shared layer once", async () => {
    const names = (await index()).manifests.map((manifest) => manifest.annotations?.["io.containerd.image.name"]);
    expect(names).toEqual(["docker.io/library/one:1", "docker.io/library/two:2", "example.com/three:3"]);
    expect(await manifestOf("docker.io/library/two:2")).toEqual(await manifestOf("docker.io/library/one:1"));
    const [one, three] = await Promise.all(["docker.io/library/one:1", "example.com/three:3"].map(manifestOf));
    expect(three?.layers[0]).toEqual(one?.layers[0]);
    // Two manifests, two configurations, two layers.
    expect(await readdir(join(layout(), "blobs/sha256"))).toHaveLength(6);
  });

  it("says how the image is started, and which contents it has", async () => {
    const { config, layers } = await manifestOf("example.com/three:3");
    expect(await json(blob(config))).toMatchObject({
      os: "linux",
      config: { Entrypoint: ["/program"] },
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    });
    const one = await manifestOf("docker.io/library/one:1");
    expect(await json(blob(one.config))).toMatchObject({ config: { Env: ["LANG=C.UTF-8"] } });
  });

  it("keeps modes, times and links, and leaves out what it is told to", async () => {
    const { layers } = await manifestOf("example.com/three:3");
    const list = async (layer: Descriptor) => (await execa("tar", ["--utc", "-tvf", blob(layer)])).stdout;
    const base = await list(layers[0]!);
    expect(base).toMatch(/1970-01-12 13:46 \.\/module\.py/);
    expect(base).toContain("./link.py -> module.py");
    expect(base).not.toContain(".key");
    expect(await list(layers[1]!)).toMatch(/-rwxr-xr-x .* \.\/program/);
  });
});
