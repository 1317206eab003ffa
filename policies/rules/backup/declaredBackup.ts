import { backupKeys } from "../../../components/workload/backupKeys.ts";
import { storedDataOf, type StoredData } from "../../read/backups.ts";
import { rule } from "../../rule.ts";

/** B5: whatever is stored has a backup, or is derived from what has one. */
export function backupViolations({ method }: StoredData, methods: readonly string[]): string[] {
  const known = methods.join(", ");
  if (method === undefined)
    return [`it keeps data and names no backup: set the annotation ${backupKeys.method} to one of ${known}`];
  return methods.includes(method)
    ? []
    : [`it names "${method}" as its backup, which nobody makes: use one of ${known}`];
}

export const declaredBackup = rule({
  name: "declared-backup",
  requirement: "B5",
  description: "Every volume names the backup from which its data comes back.",
  why: "A volume that nobody thought of is found missing on the day of the restore.",
  remediation:
    "Set the annotation dify-ha/backup of the StatefulSet or claim to the backup from which its data comes back.",
  severity: "high",
  sees: "resource",
  parameters: {
    methods: {
      type: "array",
      items: { type: "string" },
      description: "Backups that are made and tried; rebuild is for what is derived from other data.",
      default: [
        "pgbackrest",
        "redis-rdb",
        "etcd-snapshot",
        "object-copy",
        "vector-backup",
        "volume-copy",
        "volume-snapshot",
        "rebuild",
      ] as readonly string[],
    },
  },
  subjects: (resource) => [storedDataOf(resource) ?? []].flat(),
  check: (data, { methods }) => backupViolations(data, methods),
});
