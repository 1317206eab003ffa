/** A value at a time; a failed drill stands out. */
export interface Point {
  readonly time: Date;
  readonly value: number;
  readonly passed: boolean;
}

const width = 720;
const height = 200;
const margin = { left: 60, right: 16, top: 28, bottom: 24 };

/** An SVG of values over time, with its axis from zero. Nothing in it comes from anywhere else. */
export function chart(
  title: string,
  points: readonly Point[],
  from: Date,
  to: Date,
  label: (value: number) => string,
): string {
  const highest = Math.max(1, ...points.map(({ value }) => value));
  const x = (time: Date) =>
    margin.left +
    ((time.getTime() - from.getTime()) / (to.getTime() - from.getTime())) * (width - margin.left - margin.right);
  const y = (value: number) => height - margin.bottom - (value / highest) * (height - margin.top - margin.bottom);
  const sorted = points.toSorted((a, b) => a.time.getTime() - b.time.getTime());
  const line = sorted.map(({ time, value }) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const text = (left: number, top: number, words: string, anchor: string) =>
    `<text x="${left}" y="${top}" text-anchor="${anchor}">${words}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}" font-family="sans-serif" font-size="12">`,
    text(margin.left, 16, title, "start"),
    ...[0, highest / 2, highest].map(
      (value) =>
        `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#ccc"/>` +
        text(margin.left - 6, Number((y(value) + 4).toFixed(1)), label(value), "end"),
    ),
    text(margin.left, height - 6, day(from), "start"),
    text(width - margin.right, height - 6, day(new Date(to.getTime() - 1)), "end"),
    `<polyline points="${line}" fill="none" stroke="#36c" stroke-width="1.5"/>`,
    ...sorted.map(
      ({ time, value, passed }) =>
        `<circle cx="${x(time).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="${passed ? "#36c" : "#c33"}"><title>${time.toISOString()}: ${label(value)}</title></circle>`,
    ),
    "</svg>",
  ].join("\n");
}

const day = (time: Date): string => time.toISOString().slice(0, 10);
