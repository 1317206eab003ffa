import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { majority, type Copy } from "../../../runbooks/catalogue/copies.ts";
import { recordAt } from "./sample.ts";

const record = recordAt("2026-11-22T02:00:00Z");
const text = JSON.stringify(record);
const other = JSON.stringify({ ...record, pause: 4.9 });
const copies = (...texts: (string | undefined)[]): Copy[] =>
  texts.map((each, i) => ({ place: ["the backup bucket", "the other site", "the cluster"][i] ?? "", text: each }));

describe("three copies of a record", () => {
  it("are believed when all say the same, whatever the order of their fields", () => {
    const shuffled = JSON.stringify(Object.fromEntries(Object.entries(record).toReversed()), undefined, 2);
    expect(majority(copies(text, shuffled, text))).toEqual({
      record,
      places: copies("", "", "").map((c) => c.place),
      outvoted: [],
    });
  });

  it.each([
    ["is missing", undefined, "has no copy"],
    ["is cut off", text.slice(0, 200), "is no JSON"],
    ["lacks a field", JSON.stringify({ ...record, redis: undefined }), "redis"],
    ["says something else", other, "says something else"],
  ])("outvote one that %s, and say what is wrong with it", (_, damaged, problem) => {
    const { record: believed, outvoted } = majority(copies(text, damaged, text));
    expect(believed).toEqual(record);
    expect(outvoted).toEqual([{ place: "the other site", problem: expect.stringContaining(problem) as string }]);
  });

  it("leave the one that can be read, when the others cannot", () => {
    const { record: believed, outvoted } = majority([
      { place: "the backup bucket", unreachable: "connection refused" },
      ...copies(undefined, text).slice(1),
    ]);
    expect(believed).toEqual(record);
    expect(outvoted).toEqual([{ place: "the backup bucket", problem: "cannot be asked: connection refused" }]);
  });

  it("are not believed when they are at odds and none has more", () => {
    const { record: believed, outvoted } = majority(copies(text, other, undefined));
    expect(believed).toBeUndefined();
    expect(outvoted.map(({ place }) => place)).toEqual(["the backup bucket", "the other site", "the cluster"]);
  });

  it("never let one damaged copy decide, whatever it says and wherever it lies", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 2 }), (damage, where) => {
        const texts = [text, text, text].with(where, damage);
        expect(majority(copies(...texts)).record).toEqual(record);
      }),
    );
  });
});
