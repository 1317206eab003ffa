import { patroniOf, type PatroniSettings } from "../../read/patroni.ts";
import { rule } from "../../rule.ts";

type Archiving = Pick<PatroniSettings, "archiveMode" | "archiveCommand" | "archiveTimeout">;

/** Commands that say "archived" and archive nothing. */
const idle = /^(|off|:|true|\/bin\/true|\/usr\/bin\/true|exit 0)$/;

/** B1: every change reaches the archive, and within a time that bounds what the loss of the site can cost. */
export function archivingViolations(postgres: Archiving, maximumDelay: number): string[] {
  if (postgres.archiveMode !== "on" && postgres.archiveMode !== "always")
    return ["PostgreSQL does not archive its WAL: set archive_mode to on"];
  if (idle.test(postgres.archiveCommand))
    return ["its archive_command archives nothing: set it to pgbackrest ... archive-push %p"];
  if (postgres.archiveTimeout === 0 || postgres.archiveTimeout > maximumDelay)
    return [
      `changes may wait ${postgres.archiveTimeout === 0 ? "without end" : `${postgres.archiveTimeout} s`} before they are ` +
        `archived; the policy asks for ${maximumDelay} s: set archive_timeout`,
    ];
  return [];
}

export const walArchiving = rule({
  name: "wal-archiving",
  requirement: "B1",
  description: "PostgreSQL's WAL is archived, with a bound on the delay.",
  why: "What has not reached the archive is lost with the site.",
  remediation: "Set archive_mode on, an archive_command that pushes, and archive_timeout (postgres.archive.timeout).",
  severity: "critical",
  sees: "resource",
  parameters: {
    maximumDelay: {
      type: "integer",
      minimum: 1,
      description: "Seconds that a change may wait before it is archived: the most that the loss of a site can cost.",
      default: 60,
    },
  },
  subjects: (resource) => {
    const patroni = patroniOf(resource);
    return patroni ? [patroni] : [];
  },
  check: (postgres, { maximumDelay }) => archivingViolations(postgres, maximumDelay),
});
