import { backupKeys } from "../../../components/workload/backupKeys.ts";
import { awsLocksOf } from "../../read/aws.ts";
import { gapHours } from "../../read/backups.ts";
import { bucketsOf } from "../../read/buckets.ts";
import { kindOf, nameOf, namespaceOf, type Resource } from "../../read/resource.ts";
import { text } from "../../read/values.ts";
import { veleroLocationOf, veleroScheduleOf, type VeleroLocation, type VeleroSchedule } from "../../read/velero.ts";
import { rule, violation } from "../../rule.ts";

const schedulesIn = (stack: readonly Resource[]) => stack.flatMap((resource) => veleroScheduleOf(resource) ?? []);

export const veleroNamespaces = rule({
  name: "velero-namespaces",
  requirement: "B9",
  description: "Every namespace in which something stays is in a daily schedule of Velero's.",
  why: "Objects that are in no program, Secrets among them, come back from Velero or from nowhere.",
  remediation: "Turn backup.velero on, and name the namespace in includedNamespaces of a Schedule.",
  severity: "medium",
  sees: "stack",
  parameters: {
    required: {
      type: "boolean",
      description: "Ask for it also where Velero does not run, since it installs kinds for the whole cluster.",
      default: true,
    },
  },
  subjects: (resource, stack, { required }) => {
    if (kindOf(resource) !== "Namespace") return [];
    if (text(resource.inputs, "metadata", "annotations", backupKeys.method) === "none") return [];
    const schedules = schedulesIn(stack);
    if (schedules.length === 0 && !required) return [];
    const daily = schedules.filter(({ schedule }) => gapHours(schedule) <= 24);
    const included = daily.flatMap(({ namespaces }) => namespaces);
    return [included.includes(nameOf(resource)) || included.includes("*")];
  },
  check: (included) =>
    violation(
      !included,
      "Velero does not back it up each day: name it in includedNamespaces of a daily Schedule (backup.velero)",
    ),
});

interface Expiry {
  readonly schedule: VeleroSchedule;
  /** Days for which the bucket that it writes to is locked; undefined where that is not known. */
  readonly lockDays: number | undefined;
}

/** B9: what is deleted while it is locked disappears from Velero, and stays in the bucket. */
export function expiryViolations({ schedule: { ttlHours }, lockDays }: Expiry): string[] {
  if (ttlHours === undefined) return ["its backups are kept for 30 days whatever the policy says: set template.ttl"];
  const days = Math.floor(ttlHours / 24);
  return violation(
    lockDays !== undefined && days <= lockDays,
    `its backups are deleted after ${days} days, and their bucket is locked for ${lockDays}: set template.ttl to more (backup.velero)`,
  );
}

function lockDaysOf(schedule: VeleroSchedule, stack: readonly Resource[]): number | undefined {
  const locations = stack.flatMap((resource) => veleroLocationOf(resource) ?? []);
  const bucket = locations.find(({ name }) => name === schedule.location)?.bucket;
  const own = stack.flatMap(bucketsOf).find(({ name }) => name === bucket)?.lock;
  const away = stack
    .filter((r) => r.type.startsWith("aws:") && text(r.inputs, "bucket") === bucket)
    .flatMap(awsLocksOf);
  return (own ?? away[0]?.lock)?.days;
}

export const veleroTtl = rule({
  name: "velero-ttl",
  requirement: "B9",
  description: "Velero keeps a backup for longer than its bucket locks it.",
  why: "A backup that Velero deletes while it is locked is out of its list, and in the bucket for nobody.",
  remediation: "Set backup.velero.dailyDays and weeklyDays to more than the lock's days.",
  severity: "medium",
  sees: "stack",
  subjects: (resource, stack) => {
    const schedule = veleroScheduleOf(resource);
    return schedule ? [{ schedule, lockDays: lockDaysOf(schedule, stack) }] : [];
  },
  check: expiryViolations,
});

export const veleroOwnerReferences = rule({
  name: "velero-owner-references",
  requirement: "B9",
  description: "Backups of Velero's outlive the schedule that made them.",
  why: "With owner references all backups go when the Schedule is replaced or deleted.",
  remediation: "Set useOwnerReferencesInBackup to false.",
  severity: "high",
  sees: "resource",
  subjects: (resource) => [veleroScheduleOf(resource) ?? []].flat(),
  check: ({ ownsBackups }) =>
    violation(ownsBackups, "its backups are deleted with it: set useOwnerReferencesInBackup to false"),
});

interface SharedLocation {
  readonly location: VeleroLocation;
  readonly others: readonly VeleroLocation[];
}

/** B9: Velero takes no place in which others keep things. */
export function locationViolations({ location, others }: SharedLocation): string[] {
  const { bucket, prefix, credential } = location;
  const shared = others.filter((other) => other.bucket === bucket && other.prefix === prefix).map(({ name }) => name);
  return [
    ...violation(prefix === "", `it has bucket "${bucket}" with all that others keep there: set objectStorage.prefix`),
    ...violation(
      shared.length > 0,
      `it shares bucket "${bucket}" and prefix "${prefix}" with ${shared.join(", ")}: give it one of its own`,
    ),
    ...violation(credential === undefined, "it uses whatever credentials the server has: set spec.credential"),
  ];
}

export const veleroLocation = rule({
  name: "velero-location",
  requirement: "B9",
  description: "Every location of Velero's has a place in its bucket and credentials of its own.",
  why: "Velero refuses a bucket with other folders beside its own, and two locations in one place delete each other's backups.",
  remediation: "Set objectStorage.bucket, objectStorage.prefix and credential of the BackupStorageLocation.",
  severity: "medium",
  sees: "stack",
  subjects: (resource, stack) => {
    const location = veleroLocationOf(resource);
    if (!location) return [];
    const others = stack.filter((other) => other !== resource).flatMap((other) => veleroLocationOf(other) ?? []);
    return [{ location, others }];
  },
  check: locationViolations,
});

/** The Secret in which Velero looks for it, and makes it where it is missing. */
const repositorySecret = "velero-repo-credentials";

export const veleroRepositoryPassword = rule({
  name: "velero-repository-password",
  requirement: "B9",
  description: "The password of Velero's repositories is set before the first backup.",
  why: "A server that finds none makes the Secret with a password that is published in its sources, and it cannot be changed later.",
  remediation: `Declare the Secret ${repositorySecret} with the key repository-password in Velero's namespace.`,
  severity: "high",
  sees: "stack",
  subjects: (resource, stack) => {
    const location = veleroLocationOf(resource);
    if (!location) return [];
    const secrets = stack.filter((r) => kindOf(r) === "Secret" && nameOf(r) === repositorySecret);
    const own = secrets.filter((r) => namespaceOf(r) === location.namespace);
    const holds = ["stringData", "data"].some((part) =>
      own.some((r) => Object.hasOwn(r.inputs[part] ?? {}, "repository-password")),
    );
    return [holds];
  },
  check: (set) =>
    violation(!set, `its repositories would have a published password: declare the Secret ${repositorySecret}`),
});
