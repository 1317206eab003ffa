import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
import { moduleFolder } from "../toolchain/build.ts";
import { goProgram } from "../toolchain/go.ts";
import type { Kubectl } from "./kubectl.ts";

interface CrdSource {
  readonly module: string;
  readonly folders: readonly string[];
  /** One file a definition, named <group>_<plural>.yaml in all three projects. */
  readonly files: RegExp;
}

/** Where Go modules keep the definitions of kinds that the program uses. Their versions: local/toolchain/go/crds/go.mod. */
const sources: readonly CrdSource[] = [
  {
    module: "github.com/vmware-tanzu/velero",
    folders: ["config/crd/v1/bases", "config/crd/v2alpha1/bases"],
    files: /_\w+\.yaml$/,
  },
  { module: "github.com/kubernetes-csi/external-snapshotter/client/v8", folders: ["config/crd"], files: /_\w+\.yaml$/ },
  {
    module: "github.com/prometheus-operator/prometheus-operator",
    folders: ["example/prometheus-operator-crd"],
    // What is handed to an operator that exists. The rest, which would set one up, is 90 % of all bytes here and costs the
    // API server ten seconds of work.
    files: /_(podmonitors|probes|prometheusrules|servicemonitors)\.yaml$/,
  },
];

const goModule = moduleFolder("crds");

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

/** Files with a definition each. */
export async function crdFiles(): Promise<string[]> {
  const found = await Promise.all(
    sources.map(async ({ module, folders, files }) => {
      const root = await cachedModule("crds", module);
      return folders.flatMap((folder) =>
        readdirSync(join(root, folder))
          .filter((file) => files.test(file))
          .map((file) => join(root, folder, file)),
      );
    }),
  );
  return found.flat();
}

/** A module that a family's go.mod names, in the module cache; downloaded first if it is not there. */
export async function cachedModule(family: string, module: string): Promise<string> {
  const { stdout } = await execa(await goProgram(), ["mod", "download", "-json", module], {
    cwd: moduleFolder(family),
  });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}
