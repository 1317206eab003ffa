import { expect, it } from "vitest";
import type { Resource } from "../../policies/read/resource.ts";
import { rules } from "../../policies/rules/index.ts";

/** Resources as somebody else's program declares them, without a label or annotation of ours. */
export const foreign: readonly Resource[] = [
  { type: "kubernetes:core/v1:Namespace", name: "shop", inputs: { metadata: { name: "shop" } } },
  {
    type: "kubernetes:apps/v1:Deployment",
    name: "nginx",
    inputs: {
      metadata: { namespace: "shop" },
      spec: { replicas: 1, template: { spec: { containers: [{ name: "nginx", image: "nginx" }] } } },
    },
  },
  { type: "kubernetes:core/v1:PersistentVolumeClaim", name: "data", inputs: { metadata: { namespace: "shop" } } },
];

/** The rules that have something to say, at their defaults. */
export function foreignFindings(): string[] {
  const found = rules.filter((rule) => foreign.some((r) => rule.judge(r, foreign).violations.length > 0));
  return found.map(({ name }) => name);
}

it("judges resources of another program", () =>
  expect(foreignFindings()).toEqual(
    expect.arrayContaining(["declared-backup", "default-deny", "hardened-pods", "pinned-images", "service-replicas"]),
  ));
