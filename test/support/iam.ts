import type { PolicyDocument, PolicyStatement } from "../../components/policyDocument.ts";

/** What somebody asks of AWS. */
export interface AccessRequest {
  readonly action: string;
  readonly resource: string;
  /** ARN of a user or role, or name of a service. Policies of users and roles are not asked whom they are about. */
  readonly by?: string;
  /** Condition keys that the request has. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Whether policies let a request pass, by the rules of AWS within one account: a denial anywhere refuses, then a grant anywhere allows. */
export function allows(policies: readonly PolicyDocument[], request: AccessRequest): boolean {
  const about = policies.flatMap(({ Statement }) => Statement).filter((statement) => applies(statement, request));
  return about.some(({ Effect }) => Effect === "Allow") && !about.some(({ Effect }) => Effect === "Deny");
}

function applies(
  { Principal, Action, Resource = [], Condition = {} }: PolicyStatement,
  request: AccessRequest,
): boolean {
  return (
    (Principal === undefined || Principal === "*" || Object.values(Principal).includes(request.by ?? "nobody")) &&
    Action.some((pattern) => matches(pattern.toLowerCase(), request.action.toLowerCase())) &&
    (Resource.length === 0 || Resource.some((pattern) => matches(pattern, request.resource))) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, values]) => holds(operator, [values].flat(), request.context?.[key])),
    )
  );
}

/** A key that the request does not have matches nothing, and so differs from everything. */
function holds(operator: string, values: readonly string[], actual: string | undefined): boolean {
  const has = (test: (value: string, actual: string) => boolean) =>
    actual !== undefined && values.some((value) => test(value, actual));
  switch (operator) {
    case "StringEquals":
    case "Bool":
      return has((value, text) => value === text);
    case "StringNotEquals":
      return !has((value, text) => value === text);
    case "StringLike":
      return has(matches);
    case "NumericLessThan":
      return has((value, text) => Number(text) < Number(value));
    case "Null":
      return values.includes(String(actual === undefined));
    default:
      throw new Error(`Condition operator ${operator} is not known here.`);
  }
}

function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(text);
}
