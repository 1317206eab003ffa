import { awsKindOf, statementsOf, type Statement } from "../../read/aws.ts";
import { flag, read, text } from "../../read/values.ts";
import type { Resource } from "../../read/resource.ts";
import { rule } from "../../rule.ts";

const blocks = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];

/** B12: what would open a bucket to the public stays blocked, whatever a policy or an ACL says later. */
export function publicAccessViolations(block: unknown): string[] {
  return blocks
    .filter((name) => flag(block, name) !== true)
    .map((name) => `the bucket may become public: set ${name} to true`);
}

/** B12: no object belongs to whoever wrote it. */
export function ownershipViolations(ownership: string | undefined): string[] {
  return ownership === "BucketOwnerEnforced"
    ? []
    : ["objects may belong to others, with rights of their own: set rule.objectOwnership to BucketOwnerEnforced"];
}

/** B12: nobody speaks to a bucket in clear. */
export function clearTextViolations(statements: readonly Statement[]): string[] {
  const refuses = ({ allows, actions, principals, condition }: Statement) =>
    !allows &&
    principals.includes("*") &&
    actions.includes("s3:*") &&
    String(read(condition, "Bool", "aws:SecureTransport")) === "false";
  return statements.some(refuses)
    ? []
    : ["requests in clear are answered: deny s3:* to everybody where aws:SecureTransport is false"];
}

function violationsOf(resource: Resource): string[] {
  switch (awsKindOf(resource)) {
    case "BucketPublicAccessBlock":
      return publicAccessViolations(resource.inputs);
    case "BucketOwnershipControls":
      return ownershipViolations(text(resource.inputs, "rule", "objectOwnership"));
    case "BucketPolicy":
      return clearTextViolations(statementsOf(resource));
    default:
      return [];
  }
}

export const awsBucketAccess = rule({
  name: "aws-bucket-access",
  requirement: "B12",
  description: "Buckets on AWS are closed to the public, owned by the account and answer by TLS only.",
  why: "A bucket that becomes public, or that somebody else owns objects in, gives backups away.",
  remediation: "Block all four ways of public access, set BucketOwnerEnforced, and deny what comes without TLS.",
  severity: "high",
  sees: "resource",
  subjects: (resource) => (awsKindOf(resource) === undefined ? [] : [resource]),
  check: violationsOf,
});
