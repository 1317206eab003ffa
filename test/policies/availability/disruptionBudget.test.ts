import { describe, expect, it } from "vitest";
import type { Workload } from "../../../policies/read/workloads.ts";
import {
  budgetViolations,
  disruptionBudget,
  type Budget,
} from "../../../policies/rules/availability/disruptionBudget.ts";

const api: Workload = { name: "api", namespace: "dify", labels: { name: "api" }, replicas: 3, spread: [] };
const budget = (limits: Partial<Budget>): Budget => ({ maxUnavailable: undefined, minAvailable: undefined, ...limits });
const one = budget({ maxUnavailable: 1 });

describe("a drain takes one pod after another", () => {
  it.each([
    ["one at a time", api, [one]],
    ["one must stay", api, [budget({ minAvailable: 1 })]],
    ["an autoscaler chooses how many there are", { ...api, replicas: undefined }, [one]],
    ["there is but one", { ...api, replicas: 1 }, []],
  ])("accepts: %s", (_, workload, budgets) => expect(budgetViolations({ workload, budgets })).toEqual([]));

  it.each<[string, readonly Budget[], string]>([
    ["no budget", [], "add a PodDisruptionBudget"],
    ["two budgets", [one, one], "several"],
    ["a drain that never passes", [budget({ maxUnavailable: 0 })], "lets no drain pass"],
    ["all must stay", [budget({ minAvailable: "100%" })], "lets no drain pass"],
    ["as many as there are must stay", [budget({ minAvailable: 3 })], "lets no drain pass"],
    ["all may go", [budget({ maxUnavailable: "100%" })], "take all"],
    ["as many may go as there are", [budget({ maxUnavailable: 3 })], "take all"],
    ["none must stay", [budget({ minAvailable: 0 })], "take all"],
  ])("refuses: %s", (_, budgets, message) =>
    expect(budgetViolations({ workload: api, budgets })).toEqual([expect.stringContaining(message)]),
  );

  it("by a budget of the same namespace that chooses its pods", () => {
    const labels = { name: "api" };
    const deployment = {
      type: "kubernetes:apps/v1:Deployment",
      name: "api",
      inputs: { metadata: { namespace: "dify" }, spec: { replicas: 2, template: { metadata: { labels }, spec: {} } } },
    };
    const pdb = (namespace: string, name: string) => ({
      type: "kubernetes:policy/v1:PodDisruptionBudget",
      name: "api",
      inputs: { metadata: { namespace }, spec: { maxUnavailable: 1, selector: { matchLabels: { name } } } },
    });
    const violations = (...budgets: ReturnType<typeof pdb>[]) =>
      disruptionBudget.judge(deployment, [deployment, ...budgets]).violations;
    expect(violations(pdb("dify", "api"))).toEqual([]);
    expect(violations(pdb("dify-data", "api"))).toHaveLength(1);
    expect(violations(pdb("dify", "web"))).toHaveLength(1);
  });
});
