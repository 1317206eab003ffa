import type { DeclaredBucket } from "./buckets.ts";
import { entries, list, number, read, text, Unreadable } from "./values.ts";
import type { Resource } from "./resource.ts";

/** Kind of a resource on AWS, such as "BucketVersioning", also under its older name with V2; undefined for all that is not there. */
export function awsKindOf({ type }: Resource): string | undefined {
  return type.startsWith("aws:") ? type.split(":").at(-1)?.replace(/V2$/, "") : undefined;
}

/** Each side of a bucket is a resource of its own: the one of a kind that is about the bucket of this name. */
export function partOf(bucket: string, kind: string, stack: readonly Resource[]): Resource | undefined {
  return stack.find((resource) => awsKindOf(resource) === kind && text(resource.inputs, "bucket") === bucket);
}

/** Name of the bucket that a resource makes; undefined for all other resources. */
export function awsBucketOf(resource: Resource): string | undefined {
  return awsKindOf(resource) === "Bucket" ? (text(resource.inputs, "bucket") ?? resource.name) : undefined;
}

/** Whatever is not plainly a trail's is held to the stricter rules. */
export function holdsBackups(bucket: Resource): boolean {
  return text(bucket.inputs, "tags", "dify-ha/purpose") !== "audit";
}

type Side<K extends keyof DeclaredBucket> = Pick<DeclaredBucket, "name" | "purpose" | K>;

/** The lock of a bucket on AWS, out of the resource that sets it; none in all other resources. */
export function awsLocksOf(resource: Resource): Side<"lock">[] {
  if (awsKindOf(resource) !== "BucketObjectLockConfiguration") return [];
  const retention = ["rule", "defaultRetention"] as const;
  const mode = text(resource.inputs, ...retention, "mode");
  const years = number(resource.inputs, ...retention, "years");
  const days = number(resource.inputs, ...retention, "days") ?? (years === undefined ? undefined : 365 * years);
  const locked = (mode === "COMPLIANCE" || mode === "GOVERNANCE") && days !== undefined;
  return [{ ...side(resource), ...(locked && { lock: { mode, days } }) }];
}

/** Whether a bucket on AWS keeps versions, out of the resource that says so. */
export function awsVersionsOf(resource: Resource): Side<"versioned">[] {
  if (awsKindOf(resource) !== "BucketVersioning") return [];
  return [{ ...side(resource), versioned: text(resource.inputs, "versioningConfiguration", "status") === "Enabled" }];
}

/** Whether a bucket on AWS is encrypted with a key of ours, out of the resource that says so. The key itself may be yet to be made. */
export function awsEncryptionOf(resource: Resource): Side<"encrypted">[] {
  if (awsKindOf(resource) !== "BucketServerSideEncryptionConfiguration") return [];
  const rules = list(resource.inputs, "rules").map((rule) => read(rule, "applyServerSideEncryptionByDefault"));
  const withKey = (rule: unknown) =>
    text(rule, "sseAlgorithm") === "aws:kms" &&
    entries(rule).some(([name, value]) => name === "kmsMasterKeyId" && value);
  return [{ ...side(resource), encrypted: rules.length > 0 && rules.every(withKey) }];
}

function side({ name }: Resource): Side<never> {
  return { name, purpose: "backup" };
}

/** A statement of a policy of AWS, each of its lists as a list. */
export interface Statement {
  readonly name: string;
  readonly allows: boolean;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Everybody: "*". */
  readonly principals: readonly string[];
  /** Says what it is not about, and so is about all else. */
  readonly inverted: boolean;
  readonly condition: unknown;
}

/** Statements of the policy documents that a resource on AWS carries; none in all other resources. */
export function statementsOf(resource: Resource): Statement[] {
  if (awsKindOf(resource) === undefined) return [];
  const inline = list(resource.inputs, "inlinePolicies").map((policy) => read(policy, "policy"));
  const documents = [read(resource.inputs, "policy"), read(resource.inputs, "assumeRolePolicy"), ...inline];
  return documents.flatMap(parseStatements);
}

/** Statements of a policy document, as text or as data; none where there is no document. */
export function parseStatements(document: unknown): Statement[] {
  return document === undefined ? [] : several(parsed(document)).map(statementOf);
}

function parsed(document: unknown): unknown {
  try {
    return read(typeof document === "string" ? JSON.parse(document) : document, "Statement");
  } catch (error) {
    if (error instanceof SyntaxError) throw new Unreadable("its policy is no JSON");
    throw error;
  }
}

function statementOf(statement: unknown): Statement {
  const principal = read(statement, "Principal");
  const named = typeof principal === "string" ? [principal] : entries(principal).flatMap(([, value]) => words(value));
  return {
    name: text(statement, "Sid") ?? "without a name",
    // Whatever does not plainly refuse is held to the rules.
    allows: text(statement, "Effect") !== "Deny",
    actions: words(read(statement, "Action")),
    resources: words(read(statement, "Resource")),
    principals: named,
    inverted: entries(statement).some(([key]) => /^Not(Action|Resource|Principal)$/.test(key)),
    condition: read(statement, "Condition"),
  };
}

function several(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

function words(value: unknown): string[] {
  return several(value).map(String);
}
