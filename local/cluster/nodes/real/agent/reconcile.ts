import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../../failure.ts";
import { log } from "./log.ts";

/** Changes come in bursts: they are answered together. In milliseconds. */
const settling = 20;

/** How long to wait after so many failures in a row: from 0.25 to 5 s, in milliseconds. */
export const pauseAfter = (failures: number): number => Math.min(5000, 250 * 2 ** (failures - 1));

/**
 * Makes a function that may be called whenever something might have changed: `step` is run soon after, once at a time, and again later
 * when it fails. What has gone wrong is logged once, until something else does.
 */
export function reconciler(step: () => Promise<void>): () => void {
  let isWanted = false;
  let isRunning = false;
  let failures = 0;
  let trouble = "";

  const run = async (): Promise<void> => {
    isRunning = true;
    while (isWanted) {
      await sleep(settling);
      isWanted = false;
      try {
        await step();
        failures = 0;
        trouble = "";
      } catch (error) {
        failures++;
        if (trouble !== messageOf(error)) log((trouble = messageOf(error)));
        setTimeout(want, pauseAfter(failures));
      }
    }
    isRunning = false;
  };
  const want = (): void => {
    isWanted = true;
    if (!isRunning) void run();
  };
  return want;
}
