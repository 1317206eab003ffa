import { awsKindOf, statementsOf, type Statement } from "../../read/aws.ts";
import type { Resource } from "../../read/resource.ts";
import { text } from "../../read/values.ts";
import { rule } from "../../rule.ts";

/** What a resource on AWS grants. */
export interface Grants {
  readonly statements: readonly Statement[];
  /** In the policy of a key "*" is that key: AWS takes nothing else there. */
  readonly ofKey: boolean;
  /** A policy that is kept elsewhere, by its ARN. */
  readonly attached: string | undefined;
}

/** All objects of one bucket, or those below a path. */
const objects = /^arn:aws:s3:::[^*?/]+\/[^*?]*\*$/;
const wildcard = /[*?]/;

/** B12: every right is named, with what it is for. What is refused may be as wide as it likes. */
export function privilegeViolations({ statements, ofKey, attached }: Grants): string[] {
  const granted = statements.filter(({ allows }) => allows);
  const inStatement = ({ name, actions, resources, principals, inverted }: Statement): string[] => [
    ...(inverted ? [`statement ${name} grants all but what it names: name what it grants`] : []),
    ...(actions.some((action) => wildcard.test(action))
      ? [`statement ${name} grants a wildcard: name each action`]
      : []),
    ...(resources.some((r) => wildcard.test(r) && !objects.test(r) && !(ofKey && r === "*"))
      ? [`statement ${name} grants its actions on a wildcard: name each bucket, key or user`]
      : []),
    ...(principals.some((principal) => wildcard.test(principal))
      ? [`statement ${name} grants its actions to everybody: name each user, role or service`]
      : []),
  ];
  return [
    ...granted.flatMap(inStatement),
    ...(attached?.startsWith("arn:aws:iam::aws:")
      ? ["it attaches a policy that AWS wrote for everybody: write one that names what is needed"]
      : []),
  ];
}

function grantsOf(resource: Resource): Grants[] {
  const kind = awsKindOf(resource);
  if (kind === undefined) return [];
  const attached = kind.endsWith("PolicyAttachment") ? text(resource.inputs, "policyArn") : undefined;
  return [{ statements: statementsOf(resource), ofKey: kind === "Key", attached }];
}

export const awsLeastPrivilege = rule({
  name: "aws-least-privilege",
  requirement: "B12",
  description: "Policies on AWS name every action that they grant, on what and to whom.",
  why: "A wildcard grants what nobody has thought of, today and with every action that AWS adds.",
  remediation: "Name each action, each bucket or key, and each user, role or service.",
  severity: "high",
  sees: "resource",
  subjects: grantsOf,
  check: privilegeViolations,
});
