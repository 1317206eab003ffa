import { Listr } from "listr2";
import type { Progress } from "./failure.ts";
import { goOnUnlessInterrupted } from "./interrupt.ts";

/** Something that `make up` does before the program runs, shown while it lasts. */
export interface Step {
  /** What is done and, where it takes long, why and how long. */
  readonly title: string;
  run(progress: Progress): Promise<void>;
}

/** Runs steps one after the other. On a terminal they change in place; elsewhere each is a plain line, with what it tells below it. */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  if (process.stdout.isTTY) await runOnTerminal(steps);
  else await runInLines(steps);
}

async function runOnTerminal(steps: readonly Step[]): Promise<void> {
  const tasks = steps.map((step) => ({
    title: step.title,
    task: async (_: unknown, task: { output: string; title: string }) => {
      goOnUnlessInterrupted();
      const took = await timed(() => step.run((message) => (task.output = message)));
      task.title = `${step.title}${took}`;
    },
  }));
  await new Listr(tasks, {
    // Ctrl-C is for the command line to handle: programs that we started want to end first.
    registerSignalListeners: false,
    // The command line shows the error, once.
    rendererOptions: { showErrorMessage: false, collapseErrors: false },
  }).run();
}

async function runInLines(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    goOnUnlessInterrupted();
    console.log(step.title);
    const took = await timed(() => step.run((message) => console.log(`  ${message}`)));
    if (took) console.log(`  done${took}`);
  }
}

/** How long it took, where that is worth a word. */
async function timed(action: () => Promise<void>): Promise<string> {
  const began = Date.now();
  await action();
  const seconds = Math.round((Date.now() - began) / 1000);
  return seconds < 3 ? "" : `: ${seconds} s`;
}
