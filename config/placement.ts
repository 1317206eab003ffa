import { z } from "zod";

const name = String.raw`[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?`;

/** Key of a label or taint: "dify", "example.com/pool". */
export const labelKey = z
  .string()
  .regex(
    new RegExp(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?${name}$`),
    'must be a key of a label or taint, such as "example.com/pool"',
  );

export const labelValue = z
  .string()
  .max(63)
  .regex(new RegExp(`^(${name})?$`), 'must be a value of a label or taint, such as "dify"');

/** A taint in spite of which pods may run on a node, as Kubernetes means it. */
const toleration = z
  .strictObject({
    key: labelKey.optional(),
    operator: z.enum(["Equal", "Exists"]).default("Equal"),
    value: labelValue.optional(),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  })
  .refine(
    ({ key, operator }) => key !== undefined || operator === "Exists",
    "must have a key unless operator is Exists",
  )
  .refine(
    ({ value, operator }) => value === undefined || operator === "Equal",
    "must have no value when operator is Exists",
  );

/** On which nodes pods may run, in Kubernetes' own terms; on all that have no taint when left out. */
export const placement = z
  .strictObject({
    /** Labels that a node must have. */
    selector: z.record(labelKey, labelValue).default({}),
    /** Taints in spite of which a node will do. */
    tolerations: z.array(toleration).default([]),
  })
  .prefault({});

export type Placement = z.infer<typeof placement>;
