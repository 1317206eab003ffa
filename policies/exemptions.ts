import { readFileSync } from "node:fs";

/** A violation that somebody answers for, until a day. */
export interface Exemption {
  readonly rule: string;
  /** Name of the resource, or a URN in which "*" stands for anything. */
  readonly resource: string;
  readonly reason: string;
  /** ISO date of the last day: "2027-01-31". */
  readonly expires: string;
}

/** The file beside this one, or another that POLICY_EXEMPTIONS names; packs run in their own folder. */
export function readExemptions(file = process.env["POLICY_EXEMPTIONS"] ?? "exemptions.json"): Exemption[] {
  return JSON.parse(readFileSync(file, "utf8")) as Exemption[];
}

const date = /^\d{4}-\d{2}-\d{2}$/;
const shortestReason = 20;

/** What is wrong with an exemption, a sentence each; such a one exempts nothing. */
export function exemptionProblems(
  { rule, resource, reason, expires }: Partial<Exemption>,
  rules: readonly string[],
  today: string,
): string[] {
  const where = `the exemption of "${resource}" from "${rule}"`;
  return [
    ...(rules.includes(rule ?? "") ? [] : [`${where} names no rule: see docs/policies.md`]),
    ...(resource ? [] : [`${where} names no resource: give its name or URN`]),
    ...((reason ?? "").trim().length < shortestReason ? [`${where} gives no reason: write a sentence`] : []),
    ...(date.test(expires ?? "")
      ? []
      : [`${where} does not say when it ends: set expires to a date such as 2027-01-31`]),
    ...(date.test(expires ?? "") && (expires ?? "") < today
      ? [`${where} ended on ${expires}: comply, or give another reason and date`]
      : []),
  ];
}

/** Does one of the good exemptions cover a resource? */
export function isExempt(
  exemptions: readonly Exemption[],
  rule: string,
  { name, urn }: { readonly name: string; readonly urn: string },
): boolean {
  return exemptions.some(({ rule: exempted, resource }) => {
    const pattern = resource.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
    return exempted === rule && (resource === name || new RegExp(`^${pattern}$`).test(urn));
  });
}
