import { expect } from "vitest";
import type { Figures } from "./figures.ts";

/** Everything must be whole again after so many seconds, without a hand (the bar of every fault). */
export const healingBar = 60;

/**
 * Whether tests judge how long things took, as `make e2e` does. `make test` does not: it also runs beside other work, and what counts there is
 * that nothing is lost and everything heals.
 */
export const judgesTime = process.env["DIFY_HA_JUDGE_TIME"] !== "no";

/** What a fault may cost, in seconds. */
export interface Bars {
  /** Longest gap of writes. @default any: recorded, not judged */
  readonly writeGap?: number;
  /** How long two servers may be open for writes at once; that both acknowledge them is never right. @default 0 */
  readonly openAtOnce?: number;
}

/** What holds for every fault: nothing lost, no split brain, healed in time. */
export function expectUnharmed(figures: Figures, { writeGap, openAtOnce = 0 }: Bars = {}): void {
  const { lost, splitBrain, healedAfter } = figures;
  expect.soft(lost, "acknowledged writes that are lost").toBe(0);
  expect.soft(splitBrain.acknowledged, "seconds in which two servers acknowledged writes").toBe(0);
  expect.soft(splitBrain.open, "seconds in which two servers were open for writes").toBeLessThanOrEqual(openAtOnce);
  if (!judgesTime) return;
  expect.soft(healedAfter, "seconds until all had healed").toBeLessThanOrEqual(healingBar);
  if (writeGap !== undefined)
    expect.soft(figures.writeGap, "longest gap of writes in seconds").toBeLessThanOrEqual(writeGap);
}
