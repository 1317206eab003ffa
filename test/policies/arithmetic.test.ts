import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quorumViolations } from "../../policies/rules/availability/members.ts";
import { lifecycleViolations } from "../../policies/rules/backup/bucketLifecycle.ts";
import { copiesOf, copyAt, copyViolations } from "../../policies/rules/backup/copies.ts";
import { retentionViolations } from "../../policies/rules/backup/retention.ts";

/** What rules compute is held against what is to be had from it, whatever the figures. */
describe("3-2-1", () => {
  const wanted = { copies: 3, media: 2, offSite: 1 };
  const url = fc.constantFrom(
    "https://minio-s3.dify-data.svc.cluster.local:9000/backups",
    "https://minio-s3.dify-data.svc:9000/other",
    "https://s3.eu-central-1.amazonaws.com/backups",
    "https://store.example.com/backups",
    "csi://dify-zfs",
  );
  const dataSet = fc.constantFrom("postgres", "object-copy");

  it("survives what it is for: the fire of the site, and the fault of any one kind of storage", () => {
    fc.assert(
      fc.property(dataSet, fc.array(url, { maxLength: 5 }), (of, urls) => {
        const copies = copiesOf(of, urls);
        if (copyViolations(of, copies, wanted).length > 0) return;
        expect(copies.some(({ offSite }) => offSite)).toBe(true);
        for (const { medium } of copies) expect(copies.some((other) => other.medium !== medium)).toBe(true);
        expect(copies.length).toBeGreaterThanOrEqual(3);
      }),
    );
  });

  it("counts no place twice, and another place never makes it worse", () => {
    fc.assert(
      fc.property(dataSet, fc.array(url, { maxLength: 4 }), url, (of, urls, more) => {
        expect(copiesOf(of, [...urls, ...urls])).toEqual(copiesOf(of, urls));
        const complied = copyViolations(of, copiesOf(of, urls), wanted).length === 0;
        if (complied) expect(copyViolations(of, copiesOf(of, [...urls, more]), wanted)).toEqual([]);
      }),
    );
  });

  it.each([
    ["https://minio-s3.dify-data.svc.cluster.local:9000/b", false],
    ["https://localhost:9000/b", false],
    ["https://127.0.0.1:9000/b", false],
    ["csi://dify-ebs", false],
    ["https://localhost.example.com/b", true],
    ["https://s3.amazonaws.com/b", true],
  ])("knows that %s is off site: %s", (place, offSite) => expect(copyAt(place).offSite).toBe(offSite));
});

describe("retention against lock", () => {
  const days = fc.integer({ min: 1, max: 400 });
  const perhaps = fc.option(days, { nil: undefined });

  it("lets nothing go, of current and of deleted versions, while its lock lasts", () => {
    fc.assert(
      fc.property(days, perhaps, perhaps, (lockDays, noncurrentDays, currentDays) => {
        const refused = lifecycleViolations({ bucket: "b", lockDays, noncurrentDays, currentDays });
        const early = [noncurrentDays, currentDays].filter((n) => n !== undefined && n < lockDays);
        expect(refused).toHaveLength(early.length);
      }),
    );
  });

  it("keeps nothing for less than the policy says", () => {
    fc.assert(
      fc.property(perhaps, days, (kept, minimum) => {
        const refused = retentionViolations({ what: "dumps", days: kept, setting: "keepDays" }, minimum);
        expect(refused).toHaveLength(kept === undefined || kept < minimum ? 1 : 0);
      }),
    );
  });
});

describe("quorum against zones", () => {
  /** Spread as evenly as the scheduler does with maxSkew 1. */
  const spread = (members: number, zones: number) =>
    Array.from({ length: zones }, (_, i) => Math.floor(members / zones) + (i < members % zones ? 1 : 0));

  it("is lost with no zone, exactly where nothing is said", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }), (members, zones) => {
        const survives = spread(members, zones).every((lost) => members - lost > members / 2);
        const complies = quorumViolations({ members, zones }).length === 0;
        expect(complies).toBe(survives && members % 2 === 1);
      }),
    );
  });
});
