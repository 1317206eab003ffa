/** Series as Prometheus would have recorded them: one value an hour of what a job told last. */

/** Values hour by hour. */
export type Hours = readonly number[];

/** The same every time: numbers that look random, from 0 to 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normally distributed, by Box and Muller. */
export function normalNumbers(seed: number): () => number {
  const random = randomNumbers(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export interface Rhythm {
  readonly days: number;
  readonly seed: number;
  /** What a run of that day tells; 0 is a Monday. */
  readonly value: (day: number, noise: () => number) => number;
}

/**
 * What a daily job tells, that runs after one in the morning: one run in ten is up to five hours late, one in thirty fails, so that the day before is all that is
 * known.
 */
export function daily({ days, seed, value }: Rhythm): Hours {
  const random = randomNumbers(seed + 1);
  const noise = normalNumbers(seed + 2);
  let told = value(0, noise);
  return Array.from({ length: days }, (_, day) => {
    const lateness = random() < 0.1 ? 1 + Math.floor(random() * 5) : 0;
    const failed = random() < 1 / 30;
    const before = told;
    const today = value(day, noise);
    if (!failed) told = today;
    return Array.from({ length: 24 }, (_, hour) => (hour < 2 + lateness ? before : told));
  }).flat();
}

/** With weekends, on which less happens. */
export const weekend = (day: number): boolean => day % 7 > 4;

/** Hours between two values that promtool reads: fewer take longer than they tell. */
export const step = 4;

/** What promtool reads. */
export const written = (hours: Hours): string =>
  hours
    .filter((_, hour) => hour % step === 0)
    .map((value) => Number(value.toPrecision(6)))
    .join(" ");
