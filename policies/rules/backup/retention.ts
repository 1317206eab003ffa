import { backupJobOf } from "../../read/backups.ts";
import { repositoriesOf } from "../../read/pgbackrest.ts";
import type { Resource } from "../../read/resource.ts";
import { number } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** For how long something is kept. */
export interface Kept {
  readonly what: string;
  /** Undefined where it is not kept by time. */
  readonly days: number | undefined;
  /** What to raise. */
  readonly setting: string;
}

/** B1, B4: an error that is found after some days must find a backup from before it. */
export function retentionViolations({ what, days, setting }: Kept, minimumDays: number): string[] {
  if (days === undefined) return [`${what} are not kept by time: set ${setting}`];
  return violation(
    days < minimumDays,
    `${what} are kept for ${days} days; the policy asks for ${minimumDays}: raise ${setting}`,
  );
}

function keptBy(resource: Resource): Kept[] {
  const job = backupJobOf(resource);
  // What stays with the volumes is no backup of its own, and takes their room.
  if (job?.copies.every((url) => url.startsWith("csi:"))) return [];
  if (job?.keepDays !== undefined)
    return [{ what: `backups of "${job.of}"`, days: job.keepDays, setting: "the days for which they are kept" }];
  return repositoriesOf(resource).map(({ name, options }) => ({
    what: `backups in pgBackRest's ${name}`,
    days: options["retention-full-type"] === "time" ? number(options, "retention-full") : undefined,
    setting: `${name}-retention-full-type=time and ${name}-retention-full`,
  }));
}

export const backupRetention = rule({
  name: "backup-retention",
  requirement: "B1, B4",
  description: "Backups are kept for as long as the policy says.",
  why: "A table that was emptied by mistake is missed after days: by then all backups may be of the empty one.",
  remediation: "Raise the days for which they are kept (postgres.archive.retentionDays, backup.*.keepDays).",
  severity: "high",
  sees: "resource",
  parameters: {
    minimumDays: { type: "integer", minimum: 1, description: "Days for which each backup is kept.", default: 14 },
  },
  subjects: keptBy,
  check: (kept, { minimumDays }) => retentionViolations(kept, minimumDays),
});
