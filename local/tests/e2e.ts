import { figuresFile, figuresTable, readFigures } from "../../test/e2e/support/figures.ts";
import { conclude, type Tally } from "./check.ts";
import { withStack } from "./stack.ts";
import { runVitest } from "./vitest.ts";

/** `make e2e [TEST=pattern]`: breaks a stack on real nodes, one thing after the other, and shows what each cost. */
async function breakThings(patterns: readonly string[]): Promise<Tally> {
  const began = new Date().toISOString();
  const tally = await runVitest(["--project=e2e", ...patterns]);
  const measured = readFigures().filter(({ at }) => at >= began);
  if (measured.length > 0) console.log(`\n${figuresTable(measured)}\nAll figures: ${figuresFile}`);
  return tally;
}

await conclude(() => withStack(() => breakThings(process.argv.slice(2))));
