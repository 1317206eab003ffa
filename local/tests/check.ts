import { execa } from "execa";
import { messageOf } from "../failure.ts";
import { stopInOrder } from "../interrupt.ts";
import { repository } from "../paths.ts";

/** One check that a command makes: it passes when the command succeeds. */
export interface Check {
  readonly name: string;
  command(): readonly string[] | Promise<readonly string[]>;
}

/** What failed, and the beginning of why. */
export interface Failed {
  readonly name: string;
  readonly why: string;
}

/** What came of a group: how many passed, and which did not. */
export interface Tally {
  readonly passed: number;
  readonly failures: readonly Failed[];
}

export const sum = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((n, { passed }) => n + passed, 0),
  failures: tallies.flatMap(({ failures }) => failures),
});

/** Lines of a reason that are repeated at the end of a run; the rest stands where it failed. */
const linesOfReason = 8;

/** The end of every run: what failed once more, since a long run scrolls it away, and the count, which build machines read. */
export function conclusion({ passed, failures }: Tally): string {
  const again = failures.map(({ name, why }) =>
    [`FAILED  ${name}`, ...why.split("\n").slice(0, linesOfReason)].join("\n    "),
  );
  return [...again, `${passed} passed, ${failures.length} failed`].join("\n");
}

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
  return failed
    ? { passed: 0, failures: [{ name: check.name, why: all || shortMessage || "" }] }
    : { passed: 1, failures: [] };
}

/** Runs what a command is made of; its last lines and its exit code say what came of it. An error counts as one failure. */
export async function conclude(main: () => Promise<Tally>): Promise<void> {
  stopInOrder();
  const result = await main().catch((error: unknown): Tally => {
    return { passed: 0, failures: [{ name: "the run itself", why: messageOf(error) }] };
  });
  console.log(conclusion(result));
  process.exitCode = result.failures.length > 0 ? 1 : 0;
}
