/** A policy as the access management of AWS, and of what speaks its language, takes it. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  /** Whom it is about, in the policy of a bucket, key or role; the policy of a user or role is about itself. */
  readonly Principal?: "*" | { readonly AWS: string } | { readonly Service: string };
  readonly Action: readonly string[];
  /** Left out in a role's trust policy only. */
  readonly Resource?: readonly string[];
  /** Operator to key to values: every key must match, by any of its values. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export function policyOf(...statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}

export function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}

/** Every object of a bucket. */
export function objectsArn(bucket: string): string {
  return `${bucketArn(bucket)}/*`;
}
