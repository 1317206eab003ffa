import { podsOf } from "../../read/pods.ts";
import { kindOf, nameOf, namespaceOf, type Resource } from "../../read/resource.ts";
import { entries, list, read } from "../../read/values.ts";
import { rule } from "../../rule.ts";

/** Directions in which nothing passes in a namespace unless another policy allows it. */
export interface Isolation {
  readonly namespace: string;
  readonly denied: readonly string[];
}

/** H14: what no policy allows does not pass. */
export function isolationViolations({ namespace, denied }: Isolation): string[] {
  const open = ["Ingress", "Egress"].filter((direction) => !denied.includes(direction));
  return open.length === 0
    ? []
    : [
        `namespace "${namespace}" does not deny ${open.join(" and ")} by default: add a NetworkPolicy with an empty ` +
          `podSelector, policyTypes ${open.join(" and ")}, and no rules`,
      ];
}

function deniedIn(namespace: string, stack: readonly Resource[]): string[] {
  return stack
    .filter((r) => kindOf(r) === "NetworkPolicy" && namespaceOf(r) === namespace)
    .filter((r) => choosesAll(read(r.inputs, "spec", "podSelector")))
    .flatMap((r) => {
      const empty = { Ingress: "ingress", Egress: "egress" } as const;
      return list(r.inputs, "spec", "policyTypes").filter(
        (direction): direction is keyof typeof empty =>
          (direction === "Ingress" || direction === "Egress") && list(r.inputs, "spec", empty[direction]).length === 0,
      );
    });
}

function choosesAll(selector: unknown): boolean {
  return entries(selector, "matchLabels").length === 0 && list(selector, "matchExpressions").length === 0;
}

/** A namespace is judged where it is declared; one that others made, where something runs in it. */
function namespacesOf(resource: Resource, stack: readonly Resource[]): string[] {
  if (kindOf(resource) === "Namespace") return [nameOf(resource)];
  if (!podsOf(resource)) return [];
  const declared = stack.some((r) => kindOf(r) === "Namespace" && nameOf(r) === namespaceOf(resource));
  return declared ? [] : [namespaceOf(resource)];
}

export const defaultDeny = rule({
  name: "default-deny",
  requirement: "H14",
  description: "Every namespace in which something runs has a NetworkPolicy that denies what no other allows.",
  why: "Without it every pod reaches every other, and a program that is taken over reaches the data.",
  remediation: "Declare a NetworkPolicy with an empty podSelector, both policyTypes and no rules, in each namespace.",
  severity: "high",
  sees: "stack",
  subjects: (resource, stack) =>
    namespacesOf(resource, stack).map((namespace) => ({ namespace, denied: deniedIn(namespace, stack) })),
  check: isolationViolations,
});
