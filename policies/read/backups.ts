import { backupKeys } from "../../components/workload/backupKeys.ts";
import { longestGap } from "../../config/cron.ts";
import { kindOf, nameOf, type Resource } from "./resource.ts";
import { list, number, text, Unreadable } from "./values.ts";

/** A job that makes backups, as it declares itself. */
export interface BackupJob {
  readonly name: string;
  /** The data set. */
  readonly of: string;
  readonly kind: string;
  readonly schedule: string;
  /** URLs of the places that it writes to. */
  readonly copies: readonly string[];
  readonly keepDays: number | undefined;
}

/** Volumes whose data comes back from a backup. */
export interface StoredData {
  readonly method: string | undefined;
}

/** Methods for which there is nothing to make: the data is derived from other data. */
const derived: readonly string[] = ["rebuild"];

/** What a resource keeps on volumes, and the method that it names; undefined for all that keeps nothing. */
export function storedDataOf(resource: Resource): StoredData | undefined {
  const kind = kindOf(resource);
  const stores =
    kind === "PersistentVolumeClaim" ||
    (kind === "StatefulSet" && list(resource.inputs, "spec", "volumeClaimTemplates").length > 0);
  return stores ? { method: annotation(resource, backupKeys.method) } : undefined;
}

/** The data set that somebody must back up, where a resource keeps one. */
export function dataSetOf(resource: Resource): string | undefined {
  const method = storedDataOf(resource)?.method;
  return method === undefined || derived.includes(method) ? undefined : method;
}

/** The backup that a CronJob makes, by its annotations; undefined for all other resources. */
export function backupJobOf(resource: Resource): BackupJob | undefined {
  if (kindOf(resource) !== "CronJob") return undefined;
  const of = annotation(resource, backupKeys.of);
  if (of === undefined) return undefined;
  return {
    name: nameOf(resource),
    of,
    kind: annotation(resource, backupKeys.kind) ?? "copy",
    schedule: scheduleOf(resource),
    copies: (annotation(resource, backupKeys.copies) ?? "").split(/\s+/).filter((url) => url !== ""),
    keepDays: number(resource.inputs, "metadata", "annotations", backupKeys.keepDays),
  };
}

export function backupJobsOf(dataSet: string, stack: readonly Resource[]): BackupJob[] {
  return stack.flatMap((resource) => backupJobOf(resource) ?? []).filter(({ of }) => of === dataSet);
}

function annotation(resource: Resource, key: string): string | undefined {
  return text(resource.inputs, "metadata", "annotations", key);
}

export function scheduleOf(resource: Resource): string {
  return text(resource.inputs, "spec", "schedule") ?? "";
}

const gaps = new Map<string, number>();

/** Hours between two runs, at the longest. Velero's zone before the five fields changes nothing. */
export function gapHours(schedule: string): number {
  try {
    // Runs of years are counted, and every rule about schedules asks.
    const gap = gaps.get(schedule) ?? longestGap(schedule.replace(/^(CRON_TZ|TZ)=\S+ /, ""));
    gaps.set(schedule, gap);
    return gap;
  } catch {
    throw new Unreadable(`its schedule "${schedule}" is no cron time of five fields`);
  }
}
