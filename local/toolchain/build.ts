import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { Failure, type Progress } from "../failure.ts";
import { goOnUnlessInterrupted, interruption } from "../interrupt.ts";
import { families, type Family, type FamilyName } from "./families.ts";
import { goProgram } from "./go.ts";

/** The folder with the family's go.mod and go.sum. */
export const moduleFolder = (name: string): string => join(import.meta.dirname, "go", name);

/** What a build depends on: the modules with their checksums, source of our own if there is any, and how they are built. */
export async function buildKey(name: FamilyName): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(families[name]));
  const files = (await readdir(moduleFolder(name))).filter((file) => /^go\.(mod|sum)$|\.go$/.test(file));
  for (const file of files.toSorted()) hash.update(await readFile(join(moduleFolder(name), file)));
  return hash.digest("hex");
}

const stampFile = (toolchain: string, name: FamilyName): string => join(toolchain, "stamps", name);

/** Whether the family's programs are there and made from today's recipe. */
export async function isBuilt(toolchain: string, name: FamilyName): Promise<boolean> {
  const family: Family = families[name];
  const programs = Object.keys(family.programs).map((program) => join(toolchain, family.folder, program));
  if (!programs.every((path) => existsSync(path))) return false;
  const stamp = await readFile(stampFile(toolchain, name), "utf8").catch(() => "");
  return stamp === (await buildKey(name));
}

/**
 * Builds a family unless that was done before. Programs appear under their names only when complete, and the stamp comes last: an interrupted
 * build leaves nothing that looks finished, and what Go compiled so far is in its cache for the next try.
 */
export async function buildFamily(toolchain: string, name: FamilyName, onProgress: Progress): Promise<void> {
  if (await isBuilt(toolchain, name)) return;
  const family: Family = families[name];
  const key = await buildKey(name);
  const go = await goProgram();
  const work = join(toolchain, "tmp", `${name}-${process.pid}`);
  await mkdir(work, { recursive: true });
  await mkdir(join(toolchain, family.folder), { recursive: true });
  try {
    for (const [program, source] of Object.entries(family.programs)) {
      onProgress(`compiling ${program}`);
      await runGo(go, name, [
        "build",
        "-trimpath",
        ...(family.flags ?? ["-ldflags", "-s -w"]),
        "-o",
        join(work, program),
        source,
      ]);
    }
    for (const program of Object.keys(family.programs))
      await rename(join(work, program), join(toolchain, family.folder, program));
    await mkdir(join(toolchain, "stamps"), { recursive: true });
    await writeFile(stampFile(toolchain, name), key);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runGo(go: string, name: FamilyName, args: readonly string[]): Promise<void> {
  const result = await execa(go, args, {
    cwd: moduleFolder(name),
    // Static programs: they also run inside the root file systems of other distributions.
    env: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" },
    cancelSignal: interruption,
    reject: false,
  });
  goOnUnlessInterrupted();
  if (result.exitCode === 0) return;
  const lines = result.stderr.trim().split("\n");
  throw new Failure(`go ${args[0] ?? ""} for ${name} failed: ${lines.slice(-3).join("; ") || result.shortMessage}`);
}
