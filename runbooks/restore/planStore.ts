import { Failure } from "../../local/failure.ts";
import type { RestoreCluster } from "./cluster.ts";
import { planSchema, type Plan } from "./plan.ts";

/** ConfigMap of the data namespace with the plan. */
export const planName = "restore-plan";
const key = "plan.json";

/**
 * The plan that is kept in the cluster; undefined when there is none.
 * @throws Failure when somebody changed it into something else.
 */
export async function readPlan(cluster: RestoreCluster): Promise<Plan | undefined> {
  const namespace = cluster.namespaces.data;
  const found = await cluster.present(() => cluster.core.readNamespacedConfigMap({ name: planName, namespace }));
  if (!found) return undefined;
  try {
    return planSchema.parse(JSON.parse(found.data?.[key] ?? ""));
  } catch {
    throw new Failure(
      `ConfigMap ${planName} in ${namespace} is no plan of this version: delete it, and prepare again.`,
    );
  }
}

/** Keeps a plan, in place of the one before. */
export async function keepPlan(cluster: RestoreCluster, plan: Plan): Promise<void> {
  const namespace = cluster.namespaces.data;
  await cluster.putConfigMap(namespace, {
    metadata: { name: planName, namespace, labels: { "app.kubernetes.io/part-of": "dify-ha" } },
    data: { [key]: `${JSON.stringify(plan, undefined, 2)}\n` },
  });
}
