import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { figuresTable, percentile95, readFigures, recordFigures, summarize, type Figures } from "./figures.ts";

const figures: Figures = {
  fault: "postgres killed",
  at: "2026-11-21T17:00:00.000Z",
  writeGap: 3.2,
  readGap: 0.4,
  serverGap: 2.7,
  errors: 7,
  acknowledged: 1290,
  lost: 0,
  splitBrain: { open: 0, acknowledged: 0 },
  healedAfter: 12,
};

describe("figures of faults", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dify-ha-figures-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("are kept, the last of each fault", () => {
    const file = join(folder, "new", "figures.json");
    expect(readFigures(file)).toEqual([]);
    recordFigures(figures, file);
    recordFigures({ ...figures, fault: "switchover" }, file);
    recordFigures({ ...figures, writeGap: 2.9 }, file);
    expect(readFigures(file).map(({ fault, writeGap }) => [fault, writeGap])).toEqual([
      ["switchover", 3.2],
      ["postgres killed", 2.9],
    ]);
  });

  it("of several losses are their worst, and everything lost of all of them", () => {
    const other = { ...figures, writeGap: 7.3, lost: 2, splitBrain: { open: 1.5, acknowledged: 0 }, healedAfter: 3 };
    expect(summarize("node lost", [figures, other])).toMatchObject({
      writeGap: 7.3,
      errors: 14,
      acknowledged: 2580,
      lost: 2,
      splitBrain: { open: 1.5, acknowledged: 0 },
      healedAfter: 12,
    });
  });

  it("read as a table that shows what must not be", () => {
    const [head, row] = figuresTable([{ ...figures, lost: 1 }])
      .split("\n")
      .slice(1)
      .filter((line) => line.includes("│"));
    expect(head).toMatch(/fault .* writes .* lost/);
    expect(row).toMatch(/postgres killed │ +3\.2 s │ +2\.7 s │ +0\.4 s │ +7 │ +1290 │ +1 │ +never │ +never │ +12\.0 s/);
  });
});

describe("the 95th percentile", () =>
  it.each([
    [[], 0],
    [[4], 4],
    [[6, 7, 6, 9, 6, 6, 6, 6, 6, 6], 9],
    [Array.from({ length: 100 }, (_, i) => i + 1), 95],
  ])("of %j", (values, expected) => expect(percentile95(values)).toBe(expected)));
