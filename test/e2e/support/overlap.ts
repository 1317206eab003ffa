/** One question to a server, in seconds of a clock that all of the machine shares: the answer was true at some instant between the two. */
export interface Sample {
  readonly from: number;
  readonly to: number;
  readonly yes: boolean;
}

/** A time in which a server's answer was yes. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Between two samples; a single one was true at some unknown instant of its span only. */
  readonly throughout: boolean;
}

/** Samples further apart than this say nothing about the time between them, in seconds. */
const longestPause = 1;

/** When a server's answer was yes for certain: from the end of the first question of a row to the beginning of its last. */
export function spansOf(samples: readonly Sample[]): Span[] {
  const rows: Sample[][] = [];
  let row: Sample[] | undefined;
  for (const sample of samples) {
    const last = row?.at(-1);
    if (!sample.yes || (last && sample.to - last.from > longestPause)) row = undefined;
    if (!sample.yes) continue;
    if (!row) rows.push((row = []));
    row.push(sample);
  }
  return rows.map((found) => spanOf(found));
}

function spanOf(row: readonly Sample[]): Span {
  const [first, last] = [row[0], row.at(-1)] as [Sample, Sample];
  return row.length === 1
    ? { start: first.from, end: first.to, throughout: false }
    : { start: first.to, end: last.from, throughout: true };
}

/** Seconds for which two servers said yes at once, for certain. A single sample within the other's span counts with its length. */
export function secondsAtOnce(a: readonly Span[], b: readonly Span[]): number {
  return a.flatMap((one) => b.map((other) => overlap(one, other))).reduce((sum, seconds) => sum + seconds, 0);
}

function overlap(a: Span, b: Span): number {
  if (!a.throughout && !b.throughout) return 0;
  if (!a.throughout) return contains(b, a) ? a.end - a.start : 0;
  if (!b.throughout) return contains(a, b) ? b.end - b.start : 0;
  return Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
}

const contains = (outer: Span, inner: Span): boolean => outer.start <= inner.start && inner.end <= outer.end;

/** Seconds for which any two of the servers said yes at once. */
export function anyTwoAtOnce(servers: readonly (readonly Sample[])[]): number {
  const spans = servers.map(spansOf);
  return spans.flatMap((a, i) => spans.slice(i + 1).map((b) => secondsAtOnce(a, b))).reduce((sum, s) => sum + s, 0);
}

/** Longest time between two yeses of any servers, in seconds: to within the pause between two questions. */
export function longestSilence(servers: readonly (readonly Sample[])[]): number {
  const times = servers
    .flat()
    .filter(({ yes }) => yes)
    .map(({ to }) => to);
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(0, ...sorted.slice(1).map((to, i) => to - (sorted[i] ?? to)));
}
