import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { toolchainFolder } from "../paths.ts";
import { debianPackages, debianSuite } from "./packages.ts";

/** Debian with the data plane's own programs: they check what we render and run in tests. Never written to, see run.ts. */
export const rootfsFolder = join(toolchainFolder, "debian");

const buildScript = join(import.meta.dirname, "build-rootfs.sh");

/** True when the root file system is there and made from the present list of packages. */
export function rootfsIsReady(folder = rootfsFolder): boolean {
  const keyFile = join(folder, ".key");
  return existsSync(keyFile) && readFileSync(keyFile, "utf8").trim() === rootfsKey();
}

/**
 * Builds the root file system when it is missing or its list of packages changed: about 90 s on 2 cores, 0.9 GB.
 * Callers at the same time wait for one build; an interrupted build leaves the former one in place.
 * @throws one line that says what is missing (Linux, root, mmdebstrap) or why packages could not be had.
 */
export async function ensureRootfs(
  onProgress: (line: string) => void = () => {},
  folder = rootfsFolder,
): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    throw new Error(
      "Debian's programs run in namespaces of their own on Linux, which needs root: repeat this as root.",
    );
  if (rootfsIsReady(folder)) return;
  if (!isOnPath("mmdebstrap")) await installMmdebstrap(onProgress);

  onProgress(
    `Building Debian ${debianSuite} with ${Object.keys(debianPackages).length} packages (once, about 2 minutes)`,
  );
  await mkdir(dirname(folder), { recursive: true });
  const namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const build = ["sh", buildScript, folder, rootfsKey(), debianSuite, Object.keys(debianPackages).join(",")];
  // Without a process between: the build is killed when this process dies, and the lock is free when the build is gone.
  const guarded = ["flock", "--no-fork", `${folder}.lock`, "setpriv", "--pdeathsig", "KILL"];
  await runWithProgress([...guarded, ...namespaces, ...build], onProgress);
}

function rootfsKey(): string {
  const recipe = [debianSuite, ...Object.keys(debianPackages), readFileSync(buildScript, "utf8")];
  return createHash("sha256").update(recipe.join("\n")).digest("hex");
}

async function installMmdebstrap(onProgress: (line: string) => void): Promise<void> {
  if (!isOnPath("apt-get"))
    throw new Error("mmdebstrap, which builds Debian's root file system, is missing: install the package mmdebstrap.");
  onProgress("Installing mmdebstrap, which builds Debian's root file system");
  await runWithProgress(["apt-get", "update", "-q"], onProgress);
  const packages = ["mmdebstrap", "debian-archive-keyring"];
  await runWithProgress(["apt-get", "install", "-q", "-y", "--no-install-recommends", ...packages], onProgress);
}

function isOnPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Runs a command, each line that it prints being progress; its last lines become the error. */
async function runWithProgress(command: readonly string[], onProgress: (line: string) => void): Promise<void> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      onProgress(line.replace(/^I: /, ""));
    });
  const exitCode = await new Promise<number | null>((done, fail) => child.once("error", fail).once("close", done));
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed:\n${lines.slice(-5).join("\n")}`);
}
