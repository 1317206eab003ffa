import { awsKindOf } from "../../read/aws.ts";
import { flag, number } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** A key that backups are encrypted with on AWS. */
export interface Key {
  readonly rotates: boolean;
  /** Days between the order to delete it and its end; AWS' own default is 30. */
  readonly deletionDays: number;
}

/** B18: a key ends late enough for somebody to notice, and never serves for ever. */
export function keyViolations({ rotates, deletionDays }: Key, minimumDays: number): string[] {
  return [
    ...violation(!rotates, "the same key serves for ever: set enableKeyRotation to true"),
    ...violation(
      deletionDays < minimumDays,
      `an order to delete it is carried out after ${deletionDays} days; the policy asks for ${minimumDays}: set deletionWindowInDays`,
    ),
  ];
}

export const kmsKeys = rule({
  name: "kms-keys",
  requirement: "B18",
  description: "Keys of backups on AWS rotate, and an order to delete one can be taken back for a month.",
  why: "Who deletes the key has deleted every backup that it encrypts, locks or not.",
  remediation: "Set enableKeyRotation, and deletionWindowInDays to 30.",
  severity: "high",
  sees: "resource",
  parameters: {
    minimumDays: { type: "integer", minimum: 7, maximum: 30, description: "Days to take it back.", default: 30 },
  },
  subjects: (resource) =>
    awsKindOf(resource) === "Key"
      ? [
          {
            rotates: flag(resource.inputs, "enableKeyRotation") === true,
            deletionDays: number(resource.inputs, "deletionWindowInDays") ?? 30,
          },
        ]
      : [],
  check: (key, { minimumDays }) => keyViolations(key, minimumDays),
});
