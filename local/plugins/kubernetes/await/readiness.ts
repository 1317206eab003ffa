import type { KubeObject } from "../object.ts";

/** Whether an object does its work yet. A failed one will never get there by waiting. */
export type Readiness = { readonly state: "ready" } | { readonly state: "waiting" | "failed"; readonly reason: string };

export const READY: Readiness = { state: "ready" };

export function waiting(reason: string): Readiness {
  return { state: "waiting", reason };
}

export function failed(reason: string): Readiness {
  return { state: "failed", reason };
}

/** A condition as nearly every kind reports it in `status.conditions`. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

/** The condition of a type, if what reports it has seen the object as it is now. */
export function conditionOf({ status, metadata }: KubeObject, type: string): Condition | undefined {
  const { conditions, observedGeneration } = (status ?? {}) as {
    conditions?: Condition[];
    observedGeneration?: number;
  };
  const condition = conditions?.find((each) => each.type.toLowerCase() === type.toLowerCase());
  const seen = condition?.observedGeneration ?? observedGeneration;
  return seen !== undefined && seen < Number(metadata.generation ?? 0) ? undefined : condition;
}
