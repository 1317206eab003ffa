import { podsOf } from "../../read/pods.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { flag, list, read, text } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** A rule of a Role. */
export interface Granted {
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** In the whole cluster. */
  readonly everywhere: boolean;
}

/** H14: every right is named. An API that belongs to one program only may be that program's as a whole, in its own namespace. */
export function wildcardViolations(
  { groups, resources, verbs, everywhere }: Granted,
  ownGroups: Readonly<Record<string, string>>,
): string[] {
  const own = !everywhere && groups.length > 0 && groups.every((group) => Object.hasOwn(ownGroups, group));
  return [
    ...violation(verbs.includes("*"), `it grants every verb on ${resources.join(", ")}: name each`),
    ...violation(
      resources.includes("*") && !own,
      `it grants every resource of ${groups.join(", ") || '""'}: name each`,
    ),
    ...violation(groups.includes("*"), "it grants every API group: name each"),
  ];
}

function grantedBy(resource: Resource): Granted[] {
  const kind = kindOf(resource);
  if (kind !== "Role" && kind !== "ClusterRole") return [];
  const words = (value: unknown, key: string) => list(value, key).map(String);
  return list(resource.inputs, "rules").map((granted) => ({
    groups: words(granted, "apiGroups"),
    resources: words(granted, "resources"),
    verbs: words(granted, "verbs"),
    everywhere: kind === "ClusterRole",
  }));
}

export const wildcardRights = rule({
  name: "wildcard-rights",
  requirement: "H14",
  description: "Roles name every verb and resource that they grant.",
  why: "A wildcard grants what nobody has thought of, Secrets and what is added to the cluster later among it.",
  remediation: "Name verbs, resources and API groups one by one.",
  severity: "high",
  sees: "resource",
  parameters: {
    ownGroups: {
      type: "object",
      additionalProperties: { type: "string", minLength: 20 },
      description: "API groups of which a Role, not a ClusterRole, may grant every resource, each with the reason.",
      default: {},
    },
  },
  subjects: grantedBy,
  check: (granted, { ownGroups }) => wildcardViolations(granted, ownGroups),
});

/** Kubernetes' own roles that can do, or come by, everything in a namespace or in the cluster. */
const almighty = ["cluster-admin", "admin", "edit", "system:masters"];

export const adminBindings = rule({
  name: "admin-bindings",
  requirement: "H14",
  description: "Nobody is given Kubernetes' own roles for administrators.",
  why: "An account that may do everything is the cluster's, whatever the pod that has it was made for.",
  remediation: "Bind a Role that names what is needed.",
  severity: "critical",
  sees: "resource",
  subjects: (resource) => {
    if (!/^(Cluster)?RoleBinding$/.test(kindOf(resource) ?? "")) return [];
    const subjects = list(resource.inputs, "subjects").map((subject) => text(subject, "name"));
    return [[text(resource.inputs, "roleRef", "name"), ...subjects]];
  },
  check: (names) => {
    const found = names.filter((name) => name !== undefined && almighty.includes(name));
    return violation(
      found.length > 0,
      `it gives the rights of ${found.join(", ")}: bind a Role that names what is needed`,
    );
  },
});

export const accountTokens = rule({
  name: "account-tokens",
  requirement: "H14",
  description: "Only pods with an account of their own get a token for the API server.",
  why: "The token of the default account lies in every pod that does not refuse it, and whoever gets into one has it.",
  remediation: "Set automountServiceAccountToken to false, or serviceAccountName to an account of its own.",
  severity: "medium",
  sees: "resource",
  subjects: (resource) => {
    const pods = podsOf(resource);
    return pods ? [pods.spec] : [];
  },
  check: (pod) => {
    const account = text(pod, "serviceAccountName");
    const own = read(pod, "serviceAccountName") !== undefined && account !== "default";
    return violation(
      flag(pod, "automountServiceAccountToken") !== false && !own,
      "it gets a token of the default account: set automountServiceAccountToken to false",
    );
  },
});
