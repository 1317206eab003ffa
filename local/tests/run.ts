import { join } from "node:path";
import { chooseNodes } from "../cluster/nodes/choice.ts";
import { ensureRootfs } from "../debian/rootfs.ts";
import { goOnUnlessInterrupted } from "../interrupt.ts";
import { ensurePrograms } from "../prepare.ts";
import { compilePolicies } from "../pulumi/policies.ts";
import { runSteps } from "../steps.ts";
import { familyNames } from "../toolchain/families.ts";
import { conclude, runCheck, sum, type Tally } from "./check.ts";
import { lintChecks } from "./lint.ts";
import { ownStack, withStack } from "./stack.ts";
import { runVitest } from "./vitest.ts";

/** What every run does of `make e2e`: all is backed up; whatever leads is killed, and loses its node. */
const partOfEveryRun = [
  "backups/schedules",
  "faults/postgres/crash",
  "faults/postgres/nodeLost",
  "faults/redis/master",
];

/** What needs neither a cluster nor an engine, and judges what a change asks for: `make check`. */
const judgements = ["test/config", "test/golden.test.ts", "test/policies/golden.test.ts", "test/render", "test/github"];

/**
 * `make test`: lint, all suites and some faults; `make lint` (`--lint`): lint alone; `make check` (`--check`): with what needs no cluster.
 * The last line counts what passed and failed.
 */
async function main(): Promise<Tally> {
  if (process.argv.includes("--lint")) return lint();
  if (process.argv.includes("--check")) return check();
  await prepareTests();
  const checks = await lint();
  goOnUnlessInterrupted();
  const suites = await runVitest(["--project=!e2e"]);
  goOnUnlessInterrupted();
  return sum([checks, suites, await breakSomeThings()]);
}

async function check(): Promise<Tally> {
  await ensurePrograms(["linters"]);
  const checks = await lint();
  goOnUnlessInterrupted();
  return sum([checks, await runVitest(["--project=unit", ...judgements])]);
}

/** On real nodes, where the machine allows them. What is lost and what heals is judged, not how long it takes. */
async function breakSomeThings(): Promise<Tally> {
  const { kind, description } = chooseNodes(join(ownStack, "cluster"));
  if (kind !== "real") {
    console.log(`No faults are made: ${description}`);
    return { passed: 0, failures: [] };
  }
  process.env["DIFY_HA_JUDGE_TIME"] = "no";
  return withStack(() => runVitest(["--project=e2e", ...partOfEveryRun]));
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
