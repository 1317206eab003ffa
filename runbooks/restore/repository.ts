import { z } from "zod";
import type { Target } from "./target.ts";

const backup = z.object({
  label: z.string(),
  /** Of its begin and its end, in seconds since 1970. */
  timestamp: z.object({ start: z.number(), stop: z.number() }),
  /** Bytes of the database. */
  info: z.object({ size: z.number() }),
  error: z.boolean().nullish(),
});

/** What `pgbackrest info` says of a stanza, as far as a restore asks. */
export const repositoryInfo = z
  .array(z.object({ backup: z.array(backup), status: z.object({ message: z.string() }) }))
  .min(1);

export type RepositoryBackup = z.infer<typeof backup>;

/** How Postgres is put back: arguments of scripts/postgres/restore-member.sh. */
export interface PostgresTarget {
  readonly TYPE: "name" | "time" | "latest";
  readonly TARGET: string;
  readonly TIMELINE: string;
  /** Base backup to begin with. */
  readonly BACKUP: string;
}

/** The newest base backup that ended before an instant: the log from there leads to it. Undefined when there is none. */
export function baseBefore(backups: readonly RepositoryBackup[], instant: string): RepositoryBackup | undefined {
  const second = Date.parse(instant) / 1000;
  return backups.findLast(({ timestamp }) => timestamp.stop <= second);
}

/** @param timeline The one on which an instant lies. @default the newest */
export function postgresTarget(target: Target, base: RepositoryBackup, timeline?: number): PostgresTarget {
  const newest = timeline === undefined ? "latest" : `${timeline}`;
  const begin = { BACKUP: base.label };
  switch (target.to) {
    case "latest":
      return { ...begin, TYPE: "latest", TARGET: "", TIMELINE: newest };
    case "record":
      return { ...begin, TYPE: "name", TARGET: target.restorePoint, TIMELINE: `${target.timeline}` };
    case "time":
      return { ...begin, TYPE: "time", TARGET: target.instant, TIMELINE: newest };
  }
}
