import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fullOf, type BackupRecord } from "../../../runbooks/catalogue/record.ts";
import { retentionPlan } from "../../../runbooks/catalogue/retention.ts";
import { recordAt } from "./sample.ts";

const now = new Date("2026-11-22T12:00:00Z");
const daysAgo = (days: number) =>
  recordAt(new Date(now.getTime() - days * 86_400_000).toISOString().replace(/\.\d+/, ""));
const all = () => true;

describe("records that may go", () => {
  it("are those that are old, oldest first", () => {
    const plan = retentionPlan([1, 40, 31, 29].map(daysAgo), { days: 30, atLeast: 1 }, now, all);
    expect(plan.expired).toEqual([40, 31].map(daysAgo));
    expect(plan.kept).toEqual([29, 1].map(daysAgo));
  });

  it("are not the newest, be they as old as they like", () => {
    const { expired } = retentionPlan([100, 90, 80].map(daysAgo), { days: 30, atLeast: 2 }, now, all);
    expect(expired).toEqual([daysAgo(100)]);
  });

  it("are never the newest that is good", () => {
    const records = [60, 50, 40, 1].map(daysAgo);
    const good = new Set([records[1]]);
    const { expired } = retentionPlan(records, { days: 30, atLeast: 1 }, now, (record) => good.has(record));
    expect(expired).toEqual([records[0], records[2]]);
  });

  it("take no full backup along that a kept one is built upon", () => {
    const full = daysAgo(35);
    const postgres = { ...full.postgres, backups: [`${full.postgres.backups[0]}_20261118-030000I`] };
    const increment = { ...daysAgo(4), postgres };
    const { expired, neededFulls } = retentionPlan([full, increment], { days: 30, atLeast: 1 }, now, all);
    expect(expired).toEqual([full]);
    expect(neededFulls).toEqual(new Set(full.postgres.backups));
  });

  it("are none where nothing would have to stay", () => {
    expect(() => retentionPlan([], { days: 30, atLeast: 0 }, now, all)).toThrow("at least one");
  });

  it("leave every chain whole and the newest good one in place, whatever the ages", () => {
    const ages = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 30 });
    const retention = fc.record({ days: fc.integer({ min: 1, max: 90 }), atLeast: fc.integer({ min: 1, max: 10 }) });
    fc.assert(
      fc.property(ages, retention, fc.func(fc.boolean()), (each, kept, goodOf) => {
        const records = each.map(daysAgo);
        const good = (record: BackupRecord) => goodOf(record.id);
        const plan = retentionPlan(records, kept, now, good);
        expect(plan.expired.length + plan.kept.length).toBe(records.length);
        const newestGood = records.toSorted((a, b) => b.instant.localeCompare(a.instant)).find(good);
        if (newestGood) expect(plan.kept).toContain(newestGood);
        for (const { postgres } of plan.kept)
          for (const label of postgres.backups) expect(plan.neededFulls).toContain(fullOf(label));
      }),
    );
  });
});
