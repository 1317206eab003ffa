import { selects } from "../../read/pods.ts";
import { kindOf, namespaceOf, type Resource } from "../../read/resource.ts";
import { number, read, text } from "../../read/values.ts";
import { workloadOf, type Workload } from "../../read/workloads.ts";
import { rule } from "../../rule.ts";

/** How far a drain may go with the pods of a workload; a share ("50%") counts as text. */
export interface Budget {
  readonly maxUnavailable: number | string | undefined;
  readonly minAvailable: number | string | undefined;
}

interface Protected {
  readonly workload: Workload;
  readonly budgets: readonly Budget[];
}

/** H10: a drain takes one pod after another, never the last, and is never stuck. */
export function budgetViolations({ workload, budgets }: Protected): string[] {
  if (workload.replicas !== undefined && workload.replicas < 2) return [];
  const [budget, ...more] = budgets;
  if (!budget)
    return ["nothing keeps a drain from taking all of its pods: add a PodDisruptionBudget with maxUnavailable 1"];
  if (more.length > 0) return ["several PodDisruptionBudgets choose its pods, and no drain passes then: leave one"];
  const all = workload.replicas ?? Number.POSITIVE_INFINITY;
  if (budget.maxUnavailable === 0 || budget.minAvailable === "100%" || Number(budget.minAvailable) >= all)
    return ["its PodDisruptionBudget lets no drain pass: set maxUnavailable to 1"];
  if (budget.minAvailable === 0 || budget.maxUnavailable === "100%" || Number(budget.maxUnavailable) >= all)
    return ["its PodDisruptionBudget lets a drain take all of its pods: set maxUnavailable to 1"];
  return [];
}

function budgetsOf(workload: Workload, stack: readonly Resource[]): Budget[] {
  const amount = (resource: Resource, key: string) =>
    number(resource.inputs, "spec", key) ?? text(resource.inputs, "spec", key);
  return stack
    .filter((r) => kindOf(r) === "PodDisruptionBudget" && namespaceOf(r) === workload.namespace)
    .filter((r) => selects(read(r.inputs, "spec", "selector"), workload.labels))
    .map((r) => ({ maxUnavailable: amount(r, "maxUnavailable"), minAvailable: amount(r, "minAvailable") }));
}

export const disruptionBudget = rule({
  name: "disruption-budget",
  requirement: "H10",
  description:
    "Whatever runs more than once has a PodDisruptionBudget that keeps some of it running and lets drains pass.",
  why: "A drain that takes all pods at once is an outage, and one that can take none stops the upgrade of the cluster.",
  remediation: "Declare one PodDisruptionBudget with maxUnavailable 1 whose selector is that of the workload.",
  severity: "high",
  sees: "stack",
  subjects: (resource, stack) => {
    const workload = workloadOf(resource);
    return workload ? [{ workload, budgets: budgetsOf(workload, stack) }] : [];
  },
  check: budgetViolations,
});
