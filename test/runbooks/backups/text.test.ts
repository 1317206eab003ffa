import { describe, expect, it } from "vitest";
import { age, bytesInWords } from "../../../runbooks/backups/format.ts";
import { catalogueText } from "../../../runbooks/backups/list.ts";
import { entryText } from "../../../runbooks/backups/show.ts";
import { verdictText } from "../../../runbooks/backups/verify.ts";
import { recordAt } from "../catalogue/sample.ts";

const now = new Date("2026-11-22T12:00:00Z");
const places = ["catalogue bucket", "off-site bucket", "cluster"];
const today = recordAt("2026-11-22T02:00:00Z");
const yesterday = recordAt("2026-11-21T02:00:00Z");
const agreed = { id: today.id, record: today, places, outvoted: [] };
const torn = {
  id: yesterday.id,
  record: yesterday,
  places: ["catalogue bucket", "cluster"],
  outvoted: [{ place: "off-site bucket", problem: "has a copy that is no JSON" }],
};
const atOdds = {
  id: "20261120T020000Z-0000",
  record: undefined,
  places: [],
  outvoted: places.map((place) => ({ place, problem: "has no copy" })),
};

describe("what a person sees", () => {
  it("is a line a backup, and below it what is wrong", () =>
    expect(catalogueText({ entries: [agreed, torn, atOdds], silent: [] }, now)).toMatchInlineSnapshot());

  it("is told once which place cannot be asked", () => {
    const outvoted = [{ place: "cluster", problem: "cannot be asked: connection refused" }];
    const entries = [agreed, torn].map((entry) => ({ ...entry, places: ["catalogue bucket", "off-site bucket"], outvoted }));
    const text = catalogueText({ entries, silent: [{ place: "cluster", reason: "connection refused" }] }, now);
    expect(text.match(/connection refused/g)).toHaveLength(1);
    expect(text).toContain("│ 2/3 ");
  });

  it("is a word on an empty catalogue", () =>
    expect(catalogueText({ entries: [], silent: [] }, now)).toBe(
      "The catalogue is empty: no backup has left a record yet.",
    ));

  it("is all that a record says", () => expect(entryText(torn, now)).toMatchInlineSnapshot());

  it("is every place's reason when no copy can be believed", () =>
    expect(entryText(atOdds, now)).toMatchInlineSnapshot());

  it("is a verdict, and a line for each problem", () => {
    expect(verdictText(agreed, [])).toMatchInlineSnapshot();
    const problem = { what: "redis/dump.rdb is not there", where: "backup bucket dify-backups", remedy: "bring it back" };
    expect(verdictText(torn, [problem])).toMatchInlineSnapshot();
    expect(verdictText({ ...torn, places: ["cluster"] }, [])).toContain("1 of 2 places agree");
    expect(verdictText(atOdds, [])).toContain("no copy of its record can be believed");
  });
});

describe("figures", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [300 * 2 ** 30, "300 GiB"],
  ])("of %d bytes are %s", (bytes, words) => expect(bytesInWords(bytes)).toBe(words));

  it.each([
    ["2026-11-22T11:59:30Z", "0 min"],
    ["2026-11-22T10:10:00Z", "110 min"],
    ["2026-11-22T02:00:00Z", "10 h"],
    ["2026-11-10T12:00:00Z", "12 d"],
  ])("%s is %s ago", (instant, words) => expect(age(instant, now)).toBe(words));
});
