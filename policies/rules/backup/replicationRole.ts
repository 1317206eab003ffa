import { awsKindOf, statementsOf, type Statement } from "../../read/aws.ts";
import type { Resource } from "../../read/resource.ts";
import { rule, violation } from "../../rule.ts";

/** What S3 needs to copy objects with their locks, and nothing else. */
const reads = [
  "s3:GetReplicationConfiguration",
  "s3:ListBucket",
  "s3:GetObjectVersionForReplication",
  "s3:GetObjectVersionAcl",
  "s3:GetObjectVersionTagging",
  "s3:GetObjectRetention",
  "s3:GetObjectLegalHold",
];
const writes = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner"];
/** Keys are granted in their own policies as well. */
const keys = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"];

/** B12: the role of a replication reads here and writes copies there. */
export function replicationRoleViolations(statements: readonly Statement[]): string[] {
  const granted = statements.filter(({ allows }) => allows);
  const more = granted.flatMap(({ actions }) => actions).filter((a) => ![...reads, ...writes, ...keys].includes(a));
  const about = (known: readonly string[]) =>
    granted.filter(({ actions }) => actions.some((a) => known.includes(a))).flatMap(({ resources }) => resources);
  const sources = about(reads).map((arn) => arn.replace(/\/.*$/, ""));
  const same = about(writes).filter((arn) => sources.includes(arn.replace(/\/.*$/, "")));
  return [
    ...violation(more.length > 0, `the role of a replication may also ${more.join(", ")}: grant what S3 needs only`),
    ...violation(
      same.length > 0,
      `the role of a replication writes where it reads, ${same.join(", ")}: name the replicas`,
    ),
  ];
}

function replicationOf(resource: Resource): Statement[][] {
  if (awsKindOf(resource) !== "RolePolicy") return [];
  const statements = statementsOf(resource);
  return statements.some(({ actions }) => actions.some((a) => writes.includes(a))) ? [statements] : [];
}

export const replicationRole = rule({
  name: "replication-role",
  requirement: "B12",
  description: "The role of a replication reads its sources and writes their replicas, and can do nothing else.",
  why: "A role that can write sources, or delete, is a way around the rights of everybody.",
  remediation: "Grant the read actions on the sources, s3:Replicate* one by one on the replicas, and nothing beside.",
  severity: "high",
  sees: "resource",
  subjects: replicationOf,
  check: replicationRoleViolations,
});
