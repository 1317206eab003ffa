import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import type { Progress } from "../failure.ts";
import { buildFamily } from "../toolchain/build.ts";
import { atLeast, parseVersion, type Version } from "../toolchain/version.ts";

/** The first CLI that takes an executable as a policy pack. */
const oldestCli: Version = [3, 255, 0];

/** A Pulumi CLI with its language host beside it or on PATH. */
export interface Engine {
  /**
   * `official`: installed by the user, with the vendors' plugins, which it fetches by itself.
   * `built`: made from Go modules, with the small plugins of `local/plugins`.
   */
  readonly kind: "official" | "built";
  /** Folder of the `pulumi` program. */
  readonly folder: string;
  /** Such as "3.259.0". */
  readonly version: string;
}

/** Why the installed CLI cannot be used, in a few words; shown as the reason for building one. */
export interface NoEngine {
  readonly reason: string;
}

/** Looks for the user's own CLI on a PATH. Nothing is run but `pulumi version`. */
export async function installedEngine(path: string, ignoredFolder: string): Promise<Engine | NoEngine> {
  const folders = path.split(delimiter).filter((folder) => folder && folder !== ignoredFolder);
  const folder = await firstWith(folders, "pulumi");
  if (!folder) return { reason: "no pulumi on PATH" };
  const { stdout } = await execa(join(folder, "pulumi"), ["version"], {
    reject: false,
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  const version = parseVersion(stdout);
  if (!version) return { reason: `${join(folder, "pulumi")} does not tell its version` };
  if (!atLeast(version, oldestCli))
    return { reason: `the installed pulumi is ${version.join(".")}, older than ${oldestCli.join(".")}` };
  if (!(await firstWith([folder, ...folders], "pulumi-language-nodejs")))
    return { reason: "the installed pulumi has no Node.js language host" };
  return { kind: "official", folder, version: version.join(".") };
}

async function firstWith(folders: readonly string[], program: string): Promise<string | undefined> {
  for (const folder of folders) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return folder;
  }
  return undefined;
}

/** The installed engine, or one built into `<toolchain>/engine`, once. */
export async function ensureEngine(
  toolchain: string,
  onProgress: Progress,
  path = process.env["PATH"] ?? "",
): Promise<Engine> {
  const folder = join(toolchain, "engine");
  const installed = await installedEngine(path, folder);
  if (!("reason" in installed)) return installed;
  for (const name of ["pulumi", "language-nodejs"] as const)
    await buildFamily(toolchain, name, (message) => onProgress(`${installed.reason}: ${message}`));
  const { stdout } = await execa(join(folder, "pulumi"), ["version"], { env: { PULUMI_SKIP_UPDATE_CHECK: "true" } });
  return { kind: "built", folder, version: parseVersion(stdout)?.join(".") ?? stdout };
}
