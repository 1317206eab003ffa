import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../local/failure.ts";

/** Longest pause between two looks, in milliseconds. */
const pause = 1000;

/**
 * Looks again until nothing is wrong any more. Not to be able to look is wrong too: connections to the API server end, nodes are away.
 * @param problems what is still wrong, in words; empty when all is well
 * @param seconds how long it may take
 * @returns how long it took, in seconds. @throws with what was wrong last.
 */
export async function until(
  problems: () => Promise<readonly string[]>,
  what: string,
  seconds: number,
): Promise<number> {
  const began = performance.now();
  for (;;) {
    const wrong = await problems().catch((error: unknown) => [messageOf(error)]);
    const took = (performance.now() - began) / 1000;
    if (wrong.length === 0) return took;
    if (took > seconds) throw new Error(`${what}: not so within ${seconds} s: ${wrong.join("; ")}`);
    await sleep(pause);
  }
}
