import { awsKindOf } from "../../read/aws.ts";
import { storedDataOf } from "../../read/backups.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { text } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** On AWS these hold backups, or what they are read with. */
const holders = ["Bucket", "Key"];

function holdsData(resource: Resource): boolean {
  return storedDataOf(resource) !== undefined || holders.includes(awsKindOf(resource) ?? "");
}

export const protectedState = rule({
  name: "protected-state",
  requirement: "P8",
  description: "Pulumi refuses to delete what holds data: volumes, buckets and keys.",
  why: "A renamed resource, or a destroy in the wrong window, deletes the old one with all that it holds.",
  remediation: "Set cluster.protect, or the resource option protect.",
  severity: "high",
  sees: "resource",
  subjects: (resource) => (holdsData(resource) ? [resource.protect === true] : []),
  check: (isProtected) =>
    violation(!isProtected, "an update may delete it with all that it holds: set cluster.protect to true"),
});

/** Whether volumes stay when their StatefulSet goes, or shrinks. */
export function volumeViolations(policy: Readonly<Record<"whenDeleted" | "whenScaled", string | undefined>>): string[] {
  return (["whenDeleted", "whenScaled"] as const).flatMap((moment) =>
    violation(
      policy[moment] === "Delete",
      `its volumes are deleted ${moment === "whenDeleted" ? "with it" : "when it shrinks"}: set persistentVolumeClaimRetentionPolicy.${moment} to Retain`,
    ),
  );
}

export const volumeRetention = rule({
  name: "volume-retention",
  requirement: "P8, B5",
  description: "Volumes stay when their StatefulSet is deleted, replaced or made smaller.",
  why: "A replacement that deletes the volumes turns a change of a label into a restore.",
  remediation: "Set persistentVolumeClaimRetentionPolicy to Retain in both cases, or leave it out.",
  severity: "critical",
  sees: "resource",
  subjects: (resource) => {
    if (kindOf(resource) !== "StatefulSet") return [];
    const policy = (moment: string) => text(resource.inputs, "spec", "persistentVolumeClaimRetentionPolicy", moment);
    return [{ whenDeleted: policy("whenDeleted"), whenScaled: policy("whenScaled") }];
  },
  check: volumeViolations,
});
