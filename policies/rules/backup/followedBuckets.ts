import { followedAnnotation } from "../../../components/workload/backupKeys.ts";
import { backupJobOf } from "../../read/backups.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { number } from "../../read/values.ts";
import { rule } from "../../rule.ts";
import { copyAt } from "./copies.ts";

/** B3: files reach the second site as soon as the rows that name them. */
export function followedViolations(delays: readonly number[], maximumDelay: number): string[] {
  const best = Math.min(...delays);
  if (delays.length === 0)
    return [
      `nothing carries files to the second site between its runs: declare a Deployment whose pods are annotated ${followedAnnotation}`,
    ];
  return best <= maximumDelay
    ? []
    : [
        `files may reach the second site ${best} s late; the policy asks for ${maximumDelay} s: set backup.objects.follow.behind`,
      ];
}

/** Seconds that a Deployment which follows buckets may be behind. */
function delaysOf(resource: Resource): number[] {
  if (kindOf(resource) !== "Deployment") return [];
  const delay = number(resource.inputs, "spec", "template", "metadata", "annotations", followedAnnotation);
  return delay === undefined ? [] : [delay];
}

export const followedBuckets = rule({
  name: "followed-buckets",
  requirement: "B3",
  description:
    "Files that are copied to a second site are also carried there as they are written, with a bound on the delay.",
  why: "Postgres' log arrives there within a minute: rows of the newest instant would name files that are lost with the site.",
  remediation: "Lower backup.objects.follow.behind.",
  severity: "critical",
  sees: "stack",
  parameters: {
    maximumDelay: {
      type: "integer",
      minimum: 1,
      description: "Seconds that a file may take to the second site: the most that the loss of a site can cost.",
      default: 60,
    },
  },
  subjects: (resource, stack) => {
    const job = backupJobOf(resource);
    if (job?.of !== "object-copy" || !job.copies.some((url) => copyAt(url).offSite)) return [];
    return [stack.flatMap(delaysOf)];
  },
  check: (delays, { maximumDelay }) => followedViolations(delays, maximumDelay),
});
