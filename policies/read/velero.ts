import { kindOf, nameOf, namespaceOf, type Resource } from "./resource.ts";
import { scheduleOf } from "./backups.ts";
import { flag, list, text } from "./values.ts";

/** Backups that Velero makes by schedule. */
export interface VeleroSchedule {
  readonly name: string;
  readonly namespace: string;
  readonly schedule: string;
  readonly namespaces: readonly string[];
  readonly location: string | undefined;
  /** Hours for which a backup is kept; undefined where it does not say. */
  readonly ttlHours: number | undefined;
  readonly ownsBackups: boolean;
}

export function veleroScheduleOf(resource: Resource): VeleroSchedule | undefined {
  if (kindOf(resource) !== "Schedule" || !resource.type.includes("velero.io")) return undefined;
  const template = ["spec", "template"] as const;
  return {
    name: nameOf(resource),
    namespace: namespaceOf(resource),
    schedule: scheduleOf(resource),
    namespaces: list(resource.inputs, ...template, "includedNamespaces").map(String),
    location: text(resource.inputs, ...template, "storageLocation"),
    ttlHours: hours(text(resource.inputs, ...template, "ttl")),
    ownsBackups: flag(resource.inputs, "spec", "useOwnerReferencesInBackup") === true,
  };
}

/** A duration as Go writes it: "840h0m0s". */
function hours(duration: string | undefined): number | undefined {
  const parts = [...(duration ?? "").matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  const inHours = { h: 1, m: 1 / 60, s: 1 / 3600 };
  return parts.length === 0
    ? undefined
    : parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * inHours[unit as keyof typeof inHours], 0);
}

/** A bucket as Velero knows it. */
export interface VeleroLocation {
  readonly name: string;
  readonly namespace: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly credential: string | undefined;
}

export function veleroLocationOf(resource: Resource): VeleroLocation | undefined {
  if (kindOf(resource) !== "BackupStorageLocation") return undefined;
  return {
    name: nameOf(resource),
    namespace: namespaceOf(resource),
    bucket: text(resource.inputs, "spec", "objectStorage", "bucket") ?? "",
    prefix: text(resource.inputs, "spec", "objectStorage", "prefix") ?? "",
    credential: text(resource.inputs, "spec", "credential", "name"),
  };
}
