/** Labels by which Services, policies and people find the pods of a workload. */
export type WorkloadLabels = Readonly<Record<"app.kubernetes.io/name" | "app.kubernetes.io/part-of", string>>;

/** Label that names a workload: the table of flows, selectors and dashboards all go by it. */
export const nameLabel = "app.kubernetes.io/name";

export function workloadLabels(name: string): WorkloadLabels {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "dify-ha" };
}
