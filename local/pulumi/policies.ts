import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { Failure } from "../failure.ts";
import { repository } from "../paths.ts";

const folder = join(repository, "policies");

/** Makes the pack one executable, which every engine can start; a second's work, so always done. */
export async function compilePolicies(): Promise<void> {
  const built = await execa(process.execPath, [join(folder, "build.ts")], { reject: false });
  if (built.exitCode !== 0) throw new Failure(`The policies do not compile: ${built.stderr}`);
}

/** Options of `pulumi up` and `preview` that put the policies on, as strict as the stack's environment asks for. */
export function policyArguments(stack: string): string[] {
  const enforcement = join(folder, "enforcement", `${stack}.json`);
  const pack = ["--policy-pack", join(folder, "bin", "pack")];
  return existsSync(enforcement) ? [...pack, "--policy-pack-config", enforcement] : pack;
}
