/** How far one part goes. */
export interface Limit {
  /** What runs out. */
  readonly what: string;
  /** How much of it there is, with the sum it comes from. */
  readonly limit: string;
  /** The load at which it is used up, and what happens then. */
  readonly met: string;
  /** Where it is set. */
  readonly settings: readonly string[];
  /** What to do before. */
  readonly next: string;
}

/** A table for one thing at several sizes: rows of figures by the table's columns. */
export interface BySize {
  readonly what: string;
  readonly figures: readonly string[];
  /** Where it is over, and why. */
  readonly most: string;
  readonly settings: readonly string[];
}

/** Two or three digits, without a zero that says nothing. */
export function figure(value: number): string {
  const digits = value >= 10 ? 0 : value >= 1 ? 1 : 2;
  return Number(value.toFixed(digits)).toLocaleString("en-US").replaceAll(",", " ");
}

/** Bytes of 10^9 and 10^12. */
export function size(bytes: number): string {
  if (bytes >= 1e12) return `${figure(bytes / 1e12)} TB`;
  return bytes >= 1e9 ? `${figure(bytes / 1e9)} GB` : `${figure(bytes / 1e6)} MB`;
}

/** A length of time, given in seconds. */
export function time(seconds: number): string {
  if (seconds >= 2 * 86_400) return `${figure(seconds / 86_400)} days`;
  if (seconds >= 2 * 3600) return `${figure(seconds / 3600)} h`;
  return seconds >= 120 ? `${figure(seconds / 60)} min` : `${figure(seconds)} s`;
}

/** A rate as makers of networks count: bits, given in bytes a second. */
export function bandwidth(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  return bits >= 1e9 ? `${figure(bits / 1e9)} Gbit/s` : `${figure(bits / 1e6)} Mbit/s`;
}
