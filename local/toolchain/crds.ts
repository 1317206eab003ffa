import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { execa } from "execa";
import { Failure, type Progress } from "../failure.ts";
import { moduleFolder } from "./build.ts";
import { goProgram } from "./go.ts";

/** Custom resource definitions that the local cluster gets, out of the Go modules that publish them (versions: `go/crds/go.mod`). */
const sources = {
  velero: { module: "github.com/vmware-tanzu/velero", folders: ["config/crd/v1/bases", "config/crd/v2alpha1/bases"] },
  snapshots: { module: "github.com/kubernetes-csi/external-snapshotter/client/v8", folders: ["config/crd"] },
  monitoring: {
    module: "github.com/prometheus-operator/prometheus-operator",
    folders: ["example/prometheus-operator-crd"],
  },
} as const;

async function key(): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(sources));
  for (const file of ["go.mod", "go.sum"]) hash.update(await readFile(join(moduleFolder("crds"), file)));
  return hash.digest("hex");
}

/**
 * Puts the definitions into `<toolchain>/crds/<source>/*.yaml`, once per version, and returns that folder. They are copied out of Go's
 * module cache so that a later start needs neither Go nor the network.
 */
export async function ensureCrds(toolchain: string, onProgress: Progress): Promise<string> {
  const target = join(toolchain, "crds");
  const wanted = await key();
  if ((await readFile(join(target, "stamp"), "utf8").catch(() => "")) === wanted) return target;
  onProgress("downloading definitions");
  const folders = await moduleFolders();
  const work = join(toolchain, "tmp", `crds-${process.pid}`);
  try {
    for (const [name, { module, folders: parts }] of Object.entries(sources)) {
      await mkdir(join(work, name), { recursive: true });
      for (const part of parts) await copyDefinitions(join(folders.get(module) ?? "", part), join(work, name));
    }
    await writeFile(join(work, "stamp"), wanted);
    await rm(target, { recursive: true, force: true });
    await rename(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return target;
}

/** Where Go put each module, after downloading what is missing. */
async function moduleFolders(): Promise<Map<string, string>> {
  const modules = Object.values(sources).map(({ module }) => module);
  const result = await execa(await goProgram(), ["mod", "download", "-json", ...modules], {
    cwd: moduleFolder("crds"),
    reject: false,
  });
  if (result.exitCode !== 0)
    throw new Failure(`The CRDs' modules could not be downloaded: ${result.stderr || result.stdout}`);
  const entries = JSON.parse(`[${result.stdout.replaceAll("}\n{", "},{")}]`) as { Path: string; Dir: string }[];
  return new Map(entries.map(({ Path, Dir }) => [Path, Dir]));
}

/** Only definitions: such folders hold kustomizations as well. */
async function copyDefinitions(from: string, to: string): Promise<void> {
  for (const file of (await readdir(from)).filter((name) => name.endsWith(".yaml"))) {
    const text = await readFile(join(from, file), "utf8");
    if (/^kind: CustomResourceDefinition$/m.test(text)) await writeFile(join(to, file), text);
  }
}
