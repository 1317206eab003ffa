import { describe, expect, it } from "vitest";
import type { Resource } from "../../../policies/read/resource.ts";
import { defaultDeny, isolationViolations } from "../../../policies/rules/security/defaultDeny.ts";

const policy = (namespace: string, spec: Record<string, unknown>): Resource => ({
  type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  name: "default-deny",
  inputs: { metadata: { namespace }, spec },
});
const denyAll = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
const namespace: Resource = {
  type: "kubernetes:core/v1:Namespace",
  name: "dify",
  inputs: { metadata: { name: "dify" } },
};
const pod: Resource = { type: "kubernetes:core/v1:Pod", name: "stray", inputs: { metadata: { namespace: "others" } } };

function violations(...stack: Resource[]): string[] {
  return stack.flatMap((resource) => defaultDeny.judge(resource, stack).violations);
}

describe("a namespace denies what no policy allows", () => {
  it("accepts both directions denied", () => {
    expect(isolationViolations({ namespace: "dify", denied: ["Ingress", "Egress"] })).toEqual([]);
    expect(violations(namespace, policy("dify", denyAll))).toEqual([]);
    expect(violations(pod, policy("others", denyAll))).toEqual([]);
  });

  it.each<[string, Resource[], string]>([
    ["no policy", [namespace], "Ingress and Egress"],
    ["no policy where others made the namespace", [pod], '"others"'],
    ["a policy of another namespace", [namespace, policy("dify-data", denyAll)], "Ingress and Egress"],
    ["one direction", [namespace, policy("dify", { ...denyAll, policyTypes: ["Ingress"] })], "deny Egress"],
    [
      "a policy for some pods",
      [namespace, policy("dify", { ...denyAll, podSelector: { matchLabels: { name: "api" } } })],
      "Ingress and Egress",
    ],
    ["a policy that allows something", [namespace, policy("dify", { ...denyAll, egress: [{}] })], "deny Egress"],
  ])("refuses %s", (_, stack, message) => expect(violations(...stack)).toEqual([expect.stringContaining(message)]));
});
