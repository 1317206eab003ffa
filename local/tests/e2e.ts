import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { endToEndFolder, figuresFile, figuresTable, readFigures } from "../../test/e2e/support/figures.ts";
import { Failure } from "../failure.ts";
import { goOnUnlessInterrupted } from "../interrupt.ts";
import { repository } from "../paths.ts";
import { conclude, type Tally } from "./check.ts";
import { runVitest } from "./vitest.ts";

/**
 * `make e2e [TEST=pattern]`: breaks a stack on real nodes, one thing after the other, and shows what each cost. The stack is one of its own,
 * brought up before and taken down after; or the one in the folder that DIFY_HA_LOCAL names, which must run and is left running.
 */
async function main(): Promise<Tally> {
  const given = process.env["DIFY_HA_LOCAL"];
  const stack = given ?? join(endToEndFolder, "stack");
  // Everything that is started from here works on that stack.
  process.env["DIFY_HA_LOCAL"] = stack;
  delete process.env["KUBECONFIG"];
  try {
    if (!given) await local("up");
    if (!existsSync(join(stack, "cluster", "real-nodes.json")))
      throw new Failure(
        given
          ? `No stack on real nodes runs in ${given}: bring one up with DIFY_HA_LOCAL=${given} make up.`
          : "This machine runs no real nodes (why not stands above), and nothing else can fail for real.",
      );
    goOnUnlessInterrupted();
    return await breakThings(process.argv.slice(2));
  } finally {
    if (!given) await local("down");
  }
}

async function breakThings(patterns: readonly string[]): Promise<Tally> {
  const began = new Date().toISOString();
  const tally = await runVitest(["--project=e2e", ...patterns]);
  const measured = readFigures().filter(({ at }) => at >= began);
  if (measured.length > 0) console.log(`\n${figuresTable(measured)}\nAll figures: ${figuresFile}`);
  return tally;
}

async function local(command: "up" | "down"): Promise<void> {
  const { exitCode } = await execa("node", [join("local", "cli.ts"), command], {
    cwd: repository,
    preferLocal: true,
    stdio: "inherit",
    reject: false,
  });
  if (exitCode !== 0) throw new Failure(`make ${command} did not succeed: why stands above.`);
}

await conclude(main);
