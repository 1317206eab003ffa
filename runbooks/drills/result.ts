import { z } from "zod";

const instant = z.iso.datetime({ offset: true });
const seconds = z.number().min(0);

/** Daily on a scratch server; weekly with everything in a scratch namespace. */
export const drillKinds = ["light", "full"] as const;
export type DrillKind = (typeof drillKinds)[number];

const check = z.strictObject({
  /** What was tried, such as "indexes agree with their tables". */
  name: z.string().min(1),
  passed: z.boolean(),
  /** What was found, in words for a person; of a failed one, also what to do. */
  detail: z.string(),
  seconds,
});

/** What a restore drill found out: proof that backups restore, with its figures. A part that was not reached has no check and fails the drill. */
export const drillResultSchema = z.strictObject({
  /** Of this form. */
  version: z.literal(1),
  kind: z.enum(drillKinds),
  /** When it began, which sorts, such as "20261122T050000Z". */
  id: z.string().regex(/^\d{8}T\d{6}Z$/, 'must be an instant such as "20261122T050000Z"'),
  /** Site whose copies were restored: "cluster" or "offsite". */
  site: z.enum(["cluster", "offsite"]),
  started: instant,
  ended: instant,
  /** Record of the catalogue that was restored; null when none was found. */
  record: z.string().min(1).nullable(),
  /** From the start of the restore to the first query answered; null when it did not come to that. */
  rtoSeconds: seconds.nullable(),
  /** Age of the newest row that the repository would give back, when asked; null when it did not come to that. */
  rpoSeconds: seconds.nullable(),
  passed: z.boolean(),
  checks: z.array(check),
});

export type DrillResult = z.infer<typeof drillResultSchema>;

/**
 * ConfigMap of the data namespace with the newest result of each kind, under this key, as JSON. It is there from the start, without the key until the first
 * drill has ended.
 */
export const resultConfigMap = (kind: DrillKind): string => `drill-${kind}`;
export const resultKey = "result.json";
