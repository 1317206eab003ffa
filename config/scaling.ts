import { z } from "zod";

/** Bounds within which the autoscaler chooses the number of replicas. */
export const autoscaling = z.strictObject({
  /** Fewest replicas. At least 2, so that one can be lost. */
  min: z.number().int().min(2).max(100),
  /** Most replicas. */
  max: z.number().int().min(2).max(200),
  /** Mean use of the requested processor share above which replicas are added. */
  cpuPercent: z.number().int().min(10).max(95).default(70),
  /** Length of a work queue as an external metric; needs a metrics adapter in the cluster. */
  queue: z
    .strictObject({
      /** Name under which the adapter serves it. */
      metric: z.string().min(1),
      /** Waiting tasks for each replica. */
      perReplica: z.number().int().min(1).default(10),
    })
    .optional(),
});

export type Autoscaling = z.infer<typeof autoscaling>;

/** A fixed number of replicas, or bounds for the autoscaler. */
export const replicas = z.union([z.number().int().min(1).max(200), autoscaling]);
