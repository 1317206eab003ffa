import { z } from "zod";
import { targetSchema } from "./target.ts";

/** What is put back unless somebody names parts: whatever was there before goes. */
export const dataParts = ["postgres", "objects", "redis"] as const;

/** What can be put back. Objects of the cluster only when they are named: those that the program declares come by `pulumi up`. */
export const parts = ["cluster-objects", ...dataParts] as const;
export type Part = (typeof parts)[number];

/** Sites that copies come from. */
export const origins = ["cluster", "offsite"] as const;
export type Origin = (typeof origins)[number];

/** Steps of `execute`, in their order. From the first that puts something back on, there is no way back but forward. */
export const steps = [
  "cluster-objects",
  "hold-schedules",
  "stop-writers",
  "last-backup",
  "postgres",
  "objects",
  "redis",
  "start-writers",
  "release-schedules",
] as const;
export type StepName = (typeof steps)[number];

/** What is to be done and what of it was: kept in the cluster, so that whoever comes next goes on where the last one was stopped. */
export const planSchema = z.strictObject({
  version: z.literal(1),
  target: targetSchema,
  from: z.enum(origins),
  parts: z.array(z.enum(parts)).min(1),
  /** Whether a last backup comes first: not of a cluster that holds nothing. */
  lastBackup: z.boolean(),
  /** Backup of Velero that missing objects come from; undefined when none are wanted. */
  velero: z.string().optional(),
  /** How Postgres is put back; undefined when it stays. */
  postgres: z.record(z.string(), z.string()).optional(),
  /** Pod of the member that is put back, once it is chosen: half restored, no other may take its place. */
  member: z.string().optional(),
  prepared: z.iso.datetime(),
  /** When each step was done, by its name. */
  done: z.partialRecord(z.enum(steps), z.iso.datetime()),
  /** Steps that were begun: what is begun and not done may be half done. */
  begun: z.array(z.enum(steps)),
  /** Pods of each writer before it was stopped, by "Kind/name". */
  writers: z.record(z.string(), z.number().int()).optional(),
  /** CronJobs that ran by their schedules before. */
  schedules: z.array(z.string()).optional(),
});

export type Plan = z.infer<typeof planSchema>;

/** Whether what is there now goes. */
export const replacesData = (chosen: readonly Part[]): boolean =>
  chosen.some((part) => (dataParts as readonly string[]).includes(part));

/** Steps that a plan has, in their order. */
export function stepsOf({ parts: chosen, lastBackup }: Pick<Plan, "parts" | "lastBackup">): StepName[] {
  return steps.filter((step) => {
    if ((parts as readonly string[]).includes(step)) return chosen.includes(step as Part);
    return replacesData(chosen) && (step !== "last-backup" || lastBackup);
  });
}

/** Steps that are still to be done. */
export const remaining = (plan: Plan): StepName[] => stepsOf(plan).filter((step) => plan.done[step] === undefined);

/** Whether something was put back already, or half. */
export const hasDestroyed = ({ begun }: Pick<Plan, "begun">): boolean =>
  begun.some((step) => (dataParts as readonly string[]).includes(step));

/** Whether it was begun and is not at its end. */
export const isUnderWay = (plan: Plan): boolean => plan.begun.length > 0 && remaining(plan).length > 0;

/**
 * A plan in place of one that was not carried to its end: what that one has stopped is still stopped, and is started by this one. Once
 * something was destroyed a last backup has nothing left to save.
 */
export function takeOver(next: Plan, last: Plan | undefined): Plan {
  if (!last || !isUnderWay(last)) return next;
  const same = JSON.stringify(settled(next)) === JSON.stringify(settled(last));
  const kept = {
    ...(last.writers && { writers: last.writers }),
    ...(last.schedules && { schedules: last.schedules }),
    ...(last.member && { member: last.member }),
  };
  if (same) return { ...last, ...(next.postgres && !last.done.postgres && { postgres: next.postgres }) };
  const destroyed = hasDestroyed(last);
  return {
    ...next,
    ...kept,
    lastBackup: next.lastBackup && !destroyed,
    begun: destroyed ? last.begun : [],
  };
}

/** What makes two plans the same. "latest" is another instant each time. */
function settled({ target, from, parts: chosen }: Plan): unknown {
  return { target: target.to === "latest" ? "latest" : target, from, parts: [...chosen].sort() };
}
