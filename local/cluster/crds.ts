import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
import type { Kubectl } from "./kubectl.ts";

/** Where Go modules keep the definitions of kinds that the program uses. Their versions: local/toolchain/go/crds/go.mod. */
const sources = [
  { module: "github.com/vmware-tanzu/velero", folders: ["config/crd/v1/bases", "config/crd/v2alpha1/bases"] },
  { module: "github.com/kubernetes-csi/external-snapshotter/client/v8", folders: ["config/crd"] },
  { module: "github.com/prometheus-operator/prometheus-operator", folders: ["example/prometheus-operator-crd"] },
] as const;

const goModule = join(import.meta.dirname, "..", "toolchain", "go", "crds");

/** What was installed, kept in <dir>/crds.json. */
interface Installed {
  /** Of the go.mod that they came from. */
  readonly source: string;
  readonly names: readonly string[];
}

/** Installs the custom resource definitions and waits until the API server serves them. Quick when they are there already. */
export async function ensureCrds(dir: string, kubectl: Kubectl): Promise<void> {
  const source = createHash("sha256")
    .update(readFileSync(join(goModule, "go.mod")))
    .digest("hex");
  if (await isInstalled(dir, kubectl, source)) return;
  const files = await crdFiles();
  const names = files.map((file) => basename(file, ".yaml").split("_").reverse().join("."));
  await kubectl.apply(files);
  await kubectl.run("wait", "--for=condition=Established", "--timeout=60s", "crd", ...names);
  const installed: Installed = { source, names };
  writeFileSync(join(dir, "crds.json"), JSON.stringify(installed));
}

async function isInstalled(dir: string, kubectl: Kubectl, source: string): Promise<boolean> {
  const file = join(dir, "crds.json");
  if (!existsSync(file)) return false;
  const installed = JSON.parse(readFileSync(file, "utf8")) as Installed;
  if (installed.source !== source) return false;
  const present = await kubectl.run("get", "crd", "-o", "name");
  return installed.names.every((name) => present.includes(`/${name}`));
}

/** One file a definition, named <group>_<plural>.yaml in all three projects. */
async function crdFiles(): Promise<string[]> {
  const folders = await Promise.all(
    sources.map(async ({ module, folders }) => {
      const root = await moduleFolder(module);
      return folders.map((folder) => join(root, folder));
    }),
  );
  return folders.flat().flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => /^[a-z0-9.]+_[a-z]+\.yaml$/.test(file))
      .map((file) => join(folder, file)),
  );
}

/** In the module cache; downloaded first if it is not there. */
async function moduleFolder(module: string): Promise<string> {
  const { stdout } = await execa("go", ["mod", "download", "-json", module], { cwd: goModule });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}
