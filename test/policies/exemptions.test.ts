import { describe, expect, it } from "vitest";
import { exemptionProblems, isExempt, readExemptions, type Exemption } from "../../policies/exemptions.ts";
import { rules } from "../../policies/rules/index.ts";

const names = rules.map(({ name }) => name);
const exemption: Exemption = {
  rule: "job-suspended",
  resource: "postgres-dump",
  reason: "The scratch volume is being replaced this week.",
  expires: "2027-01-31",
};
const urn = "urn:pulumi:prod::dify-ha::kubernetes:batch/v1:CronJob::postgres-dump";

describe("an exemption", () => {
  it("holds until its day, for its resource and rule only", () => {
    expect(exemptionProblems(exemption, names, "2027-01-31")).toEqual([]);
    expect(isExempt([exemption], "job-suspended", { name: "postgres-dump", urn })).toBe(true);
    expect(isExempt([exemption], "job-overlap", { name: "postgres-dump", urn })).toBe(false);
    expect(isExempt([exemption], "job-suspended", { name: "postgres-full", urn: "urn:x" })).toBe(false);
  });
  it("may name a URN with stars, such as all of a stack", () => {
    const all = { ...exemption, resource: "urn:pulumi:prod::*::postgres-*" };
    expect(isExempt([all], "job-suspended", { name: "x", urn })).toBe(true);
    expect(isExempt([all], "job-suspended", { name: "x", urn: urn.replace("prod", "staging") })).toBe(false);
  });
  it.each([
    ["has ended", { expires: "2026-12-31" }, "ended on 2026-12-31"],
    ["names no rule", { rule: "no-such-rule" }, "names no rule"],
    ["gives no reason", { reason: "because" }, "gives no reason"],
    ["has no end", { expires: "some day" }, "does not say when it ends"],
  ])("fails when it %s", (_, change, message) =>
    expect(exemptionProblems({ ...exemption, ...change }, names, "2027-01-01")).toEqual([
      expect.stringContaining(message),
    ]),
  );
  it("is not there today", () =>
    expect(readExemptions(new URL("../../policies/exemptions.json", import.meta.url).pathname)).toEqual([]));
});
