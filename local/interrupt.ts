import { constants } from "node:os";
import { Failure } from "./failure.ts";

const asked = new AbortController();
const ended = new AbortController();

/** Aborted by Ctrl-C or a termination: no new step is begun. */
export const interruption = asked.signal;

/**
 * Aborted by a termination only. Ctrl-C reaches programs in the foreground by itself, and Pulumi takes a second one as the wish to stop
 * at once, in the middle of what it does.
 */
export const termination = ended.signal;

/** Lets what has been begun end in order; a second signal ends us at once. */
export function stopInOrder(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      console.error("\nStopping after what has been begun; once more to stop at once.");
      process.once(signal, () => process.exit(128 + constants.signals[signal]));
      asked.abort();
      if (signal === "SIGTERM") ended.abort();
    });
}

/** @throws Failure when the user has asked to stop. */
export function goOnUnlessInterrupted(): void {
  if (interruption.aborted)
    throw new Failure("Stopped. What was begun can be continued by the same command, or removed by make down.");
}
