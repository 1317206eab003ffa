import type { V1JobCondition, V1JobStatus } from "@kubernetes/client-node";

/** How a Job has ended: a condition of type Complete or Failed; undefined while it has not. */
export const jobEnd = (status: V1JobStatus | undefined): V1JobCondition | undefined =>
  status?.conditions?.find(({ type, status: is }) => ["Complete", "Failed"].includes(type) && is === "True");
