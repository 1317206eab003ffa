import type { PatroniSettings } from "../../config/postgres.ts";

/** How long poolers are held back for a coordinated backup. All in seconds. */
export interface PauseTiming {
  /** All poolers must be paused within this time, or all are resumed. */
  readonly ready: number;
  /** All of it: what is not marked by then is given up. */
  readonly limit: number;
  /** A pooler that was seen paused for so long resumes by itself: who paused it is gone. */
  readonly guard: number;
  /** Between two looks of the pooler at itself. */
  readonly interval: number;
  /** After which writers go on whatever has happened. */
  readonly worst: number;
}

/** For the words "resume" and "resumed", at 2 s at most (scripts/backup/poolers.py). */
const farewell = 2;

/** Most of the time goes to transactions that are under way; the marks themselves took 0.1 to 0.4 s on two busy cores. */
const readyShare = 0.6;

/** Who resumes must not be overtaken by the guard; and writers wait for less than 10 s even when everything that holds them back is killed (B6). */
export function pauseTiming({ pooler: { pauseLimit: limit } }: Pick<PatroniSettings, "pooler">): PauseTiming {
  const interval = 0.5;
  const guard = limit + farewell;
  const worst = guard + 2 * interval;
  if (worst > 10)
    throw new RangeError(`postgres.pooler.pauseLimit of ${limit} s could hold writers back for ${worst} s`);
  return { ready: readyShare * limit, limit, guard, interval, worst };
}
