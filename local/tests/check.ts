import { execa } from "execa";
import { messageOf } from "../failure.ts";
import { stopInOrder } from "../interrupt.ts";
import { repository } from "../paths.ts";

/** One check that a command makes: it passes when the command succeeds. */
export interface Check {
  readonly name: string;
  command(): readonly string[] | Promise<readonly string[]>;
}

/** How many of a group passed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export const sum = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((n, { passed }) => n + passed, 0),
  failed: tallies.reduce((n, { failed }) => n + failed, 0),
});

/** The last line of every run, which build machines read. */
export const resultLine = ({ passed, failed }: Tally): string => `${passed} passed, ${failed} failed`;

/** Runs a check and says how it went; what it found is shown when it fails. */
export async function runCheck(check: Check): Promise<Tally> {
  const began = Date.now();
  const [program = "", ...args] = await check.command();
  const { failed, all, shortMessage } = await execa(program, args, {
    cwd: repository,
    all: true,
    reject: false,
    preferLocal: true,
  }).catch((error: unknown) => ({ failed: true, all: "", shortMessage: messageOf(error) }));
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`${failed ? "FAILED" : "passed"}  ${check.name}, ${seconds} s`);
  if (failed) console.log(all || shortMessage);
  return failed ? { passed: 0, failed: 1 } : { passed: 1, failed: 0 };
}

/** Runs what a command is made of; its last line and its exit code say what came of it. An error counts as one failure. */
export async function conclude(main: () => Promise<Tally>): Promise<void> {
  stopInOrder();
  const result = await main().catch((error: unknown): Tally => {
    console.error(messageOf(error));
    return { passed: 0, failed: 1 };
  });
  console.log(resultLine(result));
  process.exitCode = result.failed > 0 ? 1 : 0;
}
