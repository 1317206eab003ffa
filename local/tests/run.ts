import { ensureRootfs } from "../debian/rootfs.ts";
import { goOnUnlessInterrupted } from "../interrupt.ts";
import { ensurePrograms } from "../prepare.ts";
import { compilePolicies } from "../pulumi/policies.ts";
import { runSteps } from "../steps.ts";
import { familyNames } from "../toolchain/families.ts";
import { conclude, runCheck, sum, type Tally } from "./check.ts";
import { lintChecks } from "./lint.ts";
import { runVitest } from "./vitest.ts";

/** `make test`: lint and all suites but those of `make e2e`; `make lint` (`--lint`): lint alone. The last line counts what passed and failed. */
async function main(): Promise<Tally> {
  if (process.argv.includes("--lint")) return lint();
  await prepareTests();
  const checks = await lint();
  goOnUnlessInterrupted();
  return sum([checks, await runVitest(["--project=!e2e"])]);
}

async function lint(): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const check of lintChecks) {
    goOnUnlessInterrupted();
    tallies.push(await runCheck(check));
  }
  return sum(tallies);
}

/** All that suites start: built here, where it is seen, and not inside a test with its time limit. */
async function prepareTests(): Promise<void> {
  await ensurePrograms(familyNames);
  await runSteps([
    {
      title: "Debian's programs, which check the configuration we render (once, about 2 min)",
      run: (progress) => ensureRootfs(progress),
    },
    { title: "Compile the policies", run: compilePolicies },
  ]);
}

await conclude(main);
