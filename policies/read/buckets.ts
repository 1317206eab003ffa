import { kindOf, labelsOf, type Resource } from "./resource.ts";
import { flag, number, read, text, Unreadable } from "./values.ts";

/** A bucket as the rules see it: plain data, already read from whatever resource declares it. */
export interface DeclaredBucket {
  readonly name: string;
  readonly purpose: "backup" | "application";
  readonly versioned: boolean;
  readonly encrypted: boolean;
  /** The one user that may use it; empty where none is named. */
  readonly user: string;
  readonly lock?: { readonly mode: "COMPLIANCE" | "GOVERNANCE"; readonly days: number };
}

/** Label of a ConfigMap from which buckets are made, and the entry that lists them. */
const declares = "dify-ha/declares";
const entry = "buckets.json";

export function declaresBuckets(resource: Resource): boolean {
  return kindOf(resource) === "ConfigMap" && labelsOf(resource)[declares] === "buckets";
}

/** The buckets that a ConfigMap labelled `dify-ha/declares: buckets` asks for; none in all other resources. */
export function bucketsOf(resource: Resource): DeclaredBucket[] {
  return declaresBuckets(resource) ? bucketList(text(resource.inputs, "data", entry)).map(bucketOf) : [];
}

function bucketList(document: string | undefined): unknown[] {
  try {
    const parsed: unknown = JSON.parse(document ?? "");
    if (Array.isArray(parsed)) return parsed;
  } catch {
    // Said below in the same words.
  }
  throw new Unreadable(`it is labelled ${declares}: buckets, but its entry ${entry} is no JSON list of buckets`);
}

function bucketOf(bucket: unknown): DeclaredBucket {
  const mode = text(bucket, "lock", "mode");
  const days = number(bucket, "lock", "days");
  const locked = (mode === "COMPLIANCE" || mode === "GOVERNANCE") && days !== undefined;
  return {
    name: text(bucket, "name") ?? "",
    // Whatever is not plainly something else is held to the stricter rules.
    purpose: text(bucket, "purpose") === "application" ? "application" : "backup",
    versioned: flag(bucket, "versioned") === true,
    user: text(bucket, "user") ?? "",
    encrypted: isEncrypted(read(bucket, "encryption")),
    ...(locked && { lock: { mode, days } }),
  };
}

function isEncrypted(encryption: unknown): boolean {
  return encryption !== undefined && encryption !== null && encryption !== false && encryption !== "none";
}
