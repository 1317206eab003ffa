import { z } from "zod";
import { Failure } from "../../local/failure.ts";
import { isRecordId } from "../catalogue/record.ts";

/** What a restore goes back to. */
export const targetSchema = z.discriminatedUnion("to", [
  /** The end of what was archived. */
  z.strictObject({ to: z.literal("latest"), instant: z.iso.datetime() }),
  /** A coordinated backup: everything as of one instant. */
  z.strictObject({
    to: z.literal("record"),
    id: z.string().refine(isRecordId),
    instant: z.iso.datetime({ offset: true }),
    restorePoint: z.string(),
    timeline: z.number().int(),
    alembicHead: z.string().nullable(),
  }),
  /** Any instant: rows and files as of it; Redis as of its newest snapshot before. */
  z.strictObject({ to: z.literal("time"), instant: z.iso.datetime() }),
]);

export type Target = z.infer<typeof targetSchema>;

/** What `--to` may say: latest, the identifier of a record, or an instant. */
export type Wanted = { readonly to: "latest" } | { readonly to: "record"; readonly id: string } | TimeTarget;
type TimeTarget = Extract<Target, { to: "time" }>;

/**
 * Reads `--to`.
 * @throws Failure that says what it may be.
 */
export function wantedTarget(text: string, now: Date): Wanted {
  if (text === "latest") return { to: "latest" };
  if (isRecordId(text)) return { to: "record", id: text };
  // With its zone: an instant that everybody reads in another way is no instant.
  const parsed = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(parsed))
    throw new Failure(
      `"${text}" is no target: give latest, the identifier of a record (npm run backups -- list), or an instant with its zone such as 2026-11-22T14:30:00Z.`,
    );
  if (parsed > now.getTime()) throw new Failure(`${text} lies in the future: the newest there is comes by latest.`);
  return { to: "time", instant: new Date(parsed).toISOString() };
}

/** A target in words. */
export function inWords(target: Target): string {
  if (target.to === "latest") return "the newest that was archived";
  return target.to === "record" ? `record ${target.id}, ${target.instant}` : target.instant;
}
