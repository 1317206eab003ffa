import { Listr } from "listr2";
import type { Progress } from "./failure.ts";
import { goOnUnlessInterrupted } from "./interrupt.ts";

/** Something that `make up` does before the program runs, shown while it lasts. */
export interface Step {
  /** What is done and, where it takes long, why and how long. */
  readonly title: string;
  run(progress: Progress): Promise<void>;
}

/** Runs steps one after the other. On a terminal they change in place; elsewhere each is a plain line when it starts and when it ends. */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  const tasks = steps.map((step) => ({
    title: step.title,
    task: async (_: unknown, task: { output: string; title: string }) => {
      goOnUnlessInterrupted();
      const began = Date.now();
      await step.run((message) => (task.output = message));
      const seconds = Math.round((Date.now() - began) / 1000);
      if (seconds >= 5) task.title = `${step.title}: ${seconds} s`;
    },
  }));
  await new Listr(tasks, {
    concurrent: false,
    // Ctrl-C is for the command line to handle: programs that we started want to end first.
    registerSignalListeners: false,
    rendererOptions: { showErrorMessage: false, collapseErrors: false },
    fallbackRenderer: "simple",
    silentRendererCondition: false,
  }).run();
}
