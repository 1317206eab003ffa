import { kindOf, type Resource } from "../../read/resource.ts";
import { list, text } from "../../read/values.ts";
import { rule } from "../../rule.ts";

/** Volumes, and the way in which what they hold comes back when all of them are lost. */
export interface StatefulData {
  readonly backup: string | undefined;
}

const annotation = "dify-ha/backup";

/** B5: whatever is stored has a backup, or is derived from what has one. */
export function backupViolations({ backup }: StatefulData, methods: readonly string[]): string[] {
  const known = methods.join(", ");
  if (backup === undefined)
    return [`it keeps data and names no backup: set the annotation ${annotation} to one of ${known}`];
  return methods.includes(backup)
    ? []
    : [`it names "${backup}" as its backup, which nobody makes: use one of ${known}`];
}

function dataOf(resource: Resource): StatefulData[] {
  const kind = kindOf(resource);
  const stores =
    kind === "PersistentVolumeClaim" ||
    (kind === "StatefulSet" && list(resource.inputs, "spec", "volumeClaimTemplates").length > 0);
  return stores ? [{ backup: text(resource.inputs, "metadata", "annotations", annotation) }] : [];
}

export const declaredBackup = rule({
  name: "declared-backup",
  requirement: "B5",
  description: "Every volume names the backup from which its data comes back.",
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
        "rebuild",
      ] as readonly string[],
    },
  },
  subjects: dataOf,
  check: (data, { methods }) => backupViolations(data, methods),
});
