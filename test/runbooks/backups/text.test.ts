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
    expect(catalogueText({ entries: [agreed, torn, atOdds], silent: [] }, now))
      .toBe(`┌───────────────────────┬──────────────────────┬──────┬───────┬────────┬────────────────────┬─────────┬────────┐
│ id                    │ instant              │ age  │ pause │ Dify   │ backup of Postgres │ objects │ copies │
│ 20261122T020000Z-3f9c │ 2026-11-22T02:00:00Z │ 10 h │ 1.2 s │ 1.15.0 │ 20261122-020000F   │ 10 B    │ 3/3    │
│ 20261121T020000Z-3f9c │ 2026-11-21T02:00:00Z │ 34 h │ 1.2 s │ 1.15.0 │ 20261121-020000F   │ 10 B    │ 2/3    │
│ 20261120T020000Z-0000 │ not to be believed   │      │       │        │                    │         │ 0/3    │
└───────────────────────┴──────────────────────┴──────┴───────┴────────┴────────────────────┴─────────┴────────┘

20261121T020000Z-3f9c: the off-site bucket has a copy that is no JSON
20261120T020000Z-0000: the catalogue bucket has no copy
20261120T020000Z-0000: the off-site bucket has no copy
20261120T020000Z-0000: the cluster has no copy`));

  it("is told once which place cannot be asked", () => {
    const outvoted = [{ place: "cluster", problem: "cannot be asked: connection refused" }];
    const entries = [agreed, torn].map((entry) => ({
      ...entry,
      places: ["catalogue bucket", "off-site bucket"],
      outvoted,
    }));
    const text = catalogueText({ entries, silent: [{ place: "cluster", reason: "connection refused" }] }, now);
    expect(text.match(/connection refused/g)).toHaveLength(1);
    expect(text).toContain("│ 2/3 ");
  });

  it("is a word on an empty catalogue", () =>
    expect(catalogueText({ entries: [], silent: [] }, now)).toBe(
      "The catalogue is empty: no backup has left a record yet.",
    ));

  it("is all that a record says", () =>
    expect(entryText(torn, now)).toBe(`Backup 20261121T020000Z-3f9c of stack prod
  instant    2026-11-21T02:00:00Z, 34 h ago
  completed  2026-11-21T02:00:00Z
  pause      1.2 s
  Dify       1.15.0

Postgres
  restore point     dify-20261121T020000Z
  timeline          3
  place in the log  0/A0001C8
  cluster           7440000000000000001
  backups           20261121-020000F
  Alembic's head    2026_10_01_0900-abcdef

Bucket dify-files
  objects   2, 10 B
  manifest  manifests/dify-files.txt
  SHA-256   9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Redis
  object   redis/dump.rdb, 100 B
  SHA-256  9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

SHA-256 of secrets that a restore needs
  difySecretKey  9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Copies
  catalogue bucket  agrees
  cluster           agrees
  off-site bucket   has a copy that is no JSON`));

  it("is every place's reason when no copy can be believed", () =>
    expect(entryText(atOdds, now)).toBe(`Backup 20261120T020000Z-0000: no copy can be believed

Copies
  catalogue bucket  has no copy
  off-site bucket   has no copy
  cluster           has no copy`));

  it("is a verdict, and a line for each problem", () => {
    expect(verdictText(agreed, [])).toBe(
      `Backup ${today.id}: 3 of 3 places agree on its record (${places.join(", ")}).\nAll that it names is there, unchanged.`,
    );
    const problem = {
      what: "redis/dump.rdb is not there",
      where: "backup bucket dify-backups",
      remedy: "bring it back",
    };
    expect(verdictText(torn, [problem])).toBe(
      `Backup ${yesterday.id}: 2 of 3 places agree on its record (catalogue bucket, cluster).\n` +
        "  backup bucket dify-backups: redis/dump.rdb is not there; bring it back",
    );
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
