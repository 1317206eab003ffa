import { rule } from "../rules.ts";

/** Checks on certificates and addresses. */
export const networkRules = [
  rule("certificates are renewed within their life", ["network"], ({ network: { certificates } }) =>
    certificates.renewBeforeDays * 2 <= certificates.days
      ? []
      : [
          {
            path: "network.certificates.renewBeforeDays",
            problem: `${certificates.renewBeforeDays} days are more than half of a certificate's life of ${certificates.days} days`,
            remedy: `give at most ${Math.floor(certificates.days / 2)}, or every update replaces certificates`,
          },
        ],
  ),
  rule("the authority outlives its certificates", ["network"], ({ network: { certificates } }) =>
    certificates.authorityDays >= certificates.days + certificates.renewBeforeDays
      ? []
      : [
          {
            path: "network.certificates.authorityDays",
            problem: `${certificates.authorityDays} days end before a certificate that is signed just before the authority is renewed`,
            remedy: `give at least ${certificates.days + certificates.renewBeforeDays}`,
          },
        ],
  ),
];
