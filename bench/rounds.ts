/** One thing to measure: runs once and throws when it fails. */
export interface Contender {
  readonly name: string;
  /** Comes before each run, and is not measured. */
  prepare?(): Promise<void>;
  run(): Promise<void>;
}

/** Seconds, the median over all rounds. */
export interface Measured {
  readonly name: string;
  readonly seconds: number;
}

/**
 * Measures contenders side by side: each round runs all of them, so that whatever else the machine does weighs on all alike. A first round
 * that warms caches is not counted.
 */
export async function measure(contenders: readonly Contender[], rounds: number): Promise<Measured[]> {
  const times = contenders.map((): number[] => []);
  for (let round = 0; round <= rounds; round++)
    for (const [i, contender] of contenders.entries()) {
      await contender.prepare?.();
      const began = performance.now();
      await contender.run();
      if (round > 0) times[i]?.push((performance.now() - began) / 1000);
    }
  return contenders.map(({ name }, i) => ({ name, seconds: median(times[i] ?? []) }));
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new RangeError("no values, no median");
  return (low + high) / 2;
}
