import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Table from "cli-table3";
import { repository } from "../../../local/paths.ts";

/** Where the runs of `make e2e` keep what they measured: outside of the stack's folder, which goes with the stack. */
export const endToEndFolder = join(repository, ".local-e2e");
export const figuresFile = join(endToEndFolder, "figures.json");

/** What a fault cost. Times are seconds. */
export interface Figures {
  readonly fault: string;
  /** When it was measured. */
  readonly at: string;
  /** Longest time without an acknowledged write, and without a read. */
  readonly writeGap: number;
  readonly readGap: number;
  /** Longest time in which no server acknowledged a write, asked without anything in between: the rest of the gap is the clients' way. */
  readonly serverGap?: number;
  /** Operations on what was broken that failed. */
  readonly errors: number;
  readonly acknowledged: number;
  /** Acknowledged writes that are gone. */
  readonly lost: number;
  /** For how long two servers were open for writes at once, and for how long both acknowledged them. */
  readonly splitBrain: { readonly open: number; readonly acknowledged: number };
  /** From the fault's end until everything was as before. */
  readonly healedAfter: number;
}

/** Notes figures; those of an earlier run of the same fault are replaced. */
export function recordFigures(figures: Figures, file = figuresFile): void {
  const others = readFigures(file).filter(({ fault }) => fault !== figures.fault);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify([...others, figures], null, 2)}\n`);
}

export function readFigures(file = figuresFile): Figures[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Figures[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** One figure for several losses of the same kind: the worst of each, and for gaps the 95th percentile. */
export function summarize(fault: string, losses: readonly Figures[]): Figures {
  const sum = (of: (figures: Figures) => number) => losses.reduce((total, figures) => total + of(figures), 0);
  const worst = (of: (figures: Figures) => number) => Math.max(0, ...losses.map(of));
  return {
    fault,
    at: losses.at(-1)?.at ?? "",
    writeGap: percentile95(losses.map(({ writeGap }) => writeGap)),
    readGap: percentile95(losses.map(({ readGap }) => readGap)),
    serverGap: percentile95(losses.map(({ serverGap = 0 }) => serverGap)),
    errors: sum(({ errors }) => errors),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    lost: sum(({ lost }) => lost),
    splitBrain: {
      open: worst(({ splitBrain }) => splitBrain.open),
      acknowledged: worst(({ splitBrain }) => splitBrain.acknowledged),
    },
    healedAfter: worst(({ healedAfter }) => healedAfter),
  };
}

/** The value below which 95 of 100 lie; of fewer than 20 values that is the largest. */
export function percentile95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0;
}

const seconds = (value: number) => `${value.toFixed(1)} s`;

/** A row a fault. */
export function figuresTable(figures: readonly Figures[]): string {
  const table = new Table({
    head: [
      "fault",
      "writes",
      "servers",
      "reads",
      "errors",
      "acknowledged",
      "lost",
      "two open",
      "two acknowledged",
      "healed",
    ],
    colAligns: ["left", ...Array.from({ length: 9 }, () => "right" as const)],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const { fault, writeGap, serverGap, readGap, errors, acknowledged, lost, splitBrain, healedAfter } of figures)
    table.push([
      fault,
      seconds(writeGap),
      serverGap === undefined ? "" : seconds(serverGap),
      seconds(readGap),
      errors,
      acknowledged,
      lost,
      splitBrain.open > 0 ? seconds(splitBrain.open) : "never",
      splitBrain.acknowledged > 0 ? seconds(splitBrain.acknowledged) : "never",
      seconds(healedAfter),
    ]);
  return table.toString();
}
