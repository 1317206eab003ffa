import { execa } from "execa";
import { repository } from "../../local/paths.ts";
import type { Resource } from "../../policies/read/resource.ts";
import { differences, readGolden } from "../support/golden.ts";
import { environments, type Environment } from "../support/stack.ts";

/**
 * Prints what this branch changes in each environment, from the golden lists: `make changes BASE=origin/main`. No cluster, no
 * credentials. That the lists are true is what `make check` checks.
 */
async function listAt(commit: string, environment: Environment): Promise<Resource[]> {
  const path = `test/golden/${environment}.json`;
  const { stdout, failed } = await execa("git", ["show", `${commit}:${path}`], { cwd: repository, reject: false });
  return failed ? [] : (JSON.parse(stdout) as Resource[]);
}

const base = process.argv[2] ?? "origin/main";
const found = await execa("git", ["merge-base", base, "HEAD"], { cwd: repository, reject: false });
if (found.failed) {
  console.error(`There is no commit ${base} that this branch comes from: give another as BASE, or fetch it.`);
  process.exit(1);
}
for (const environment of environments) {
  const changes = differences(await listAt(found.stdout, environment), readGolden(environment));
  console.log(`${environment}: ${changes.length === 0 ? "unchanged" : `${changes.length} changes`}`);
  for (const change of changes) console.log(`  ${change}`);
}
