import { describe, expect, it } from "vitest";
import { selects } from "../../../../../../local/cluster/nodes/real/agent/selector.ts";

const labels = { app: "postgres", tier: "data" };

describe("a label selector", () => {
  it.each([
    ["everything when it is empty", {}],
    ["what has all its labels", { matchLabels: { app: "postgres", tier: "data" } }],
    ["In: one of the values", { matchExpressions: [{ key: "app", operator: "In", values: ["redis", "postgres"] }] }],
    ["NotIn: another value", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["redis"] }] }],
    ["NotIn: no such label", { matchExpressions: [{ key: "zone", operator: "NotIn", values: ["a"] }] }],
    ["Exists: the label", { matchExpressions: [{ key: "app", operator: "Exists" }] }],
    ["DoesNotExist: no such label", { matchExpressions: [{ key: "zone", operator: "DoesNotExist" }] }],
  ])("takes %s", (_, selector) => expect(selects(selector, labels)).toBe(true));

  it.each([
    ["what lacks one of its labels", { matchLabels: { app: "postgres", zone: "a" } }],
    ["In: another value", { matchExpressions: [{ key: "app", operator: "In", values: ["redis"] }] }],
    ["In: no such label", { matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] }],
    ["NotIn: one of the values", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["postgres"] }] }],
    ["Exists: no such label", { matchExpressions: [{ key: "zone", operator: "Exists" }] }],
    ["DoesNotExist: the label", { matchExpressions: [{ key: "app", operator: "DoesNotExist" }] }],
    [
      "an operator that it does not know",
      { matchExpressions: [{ key: "app", operator: "Near", values: ["postgres"] }] },
    ],
    [
      "what fits the labels but not the expressions",
      { matchLabels: { app: "postgres" }, matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] },
    ],
  ])("leaves out %s", (_, selector) => expect(selects(selector, labels)).toBe(false));
});
