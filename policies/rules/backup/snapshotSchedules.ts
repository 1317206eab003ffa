import { backupJobOf } from "../../read/backups.ts";
import { kindOf, nameOf } from "../../read/resource.ts";
import { rule, violation } from "../../rule.ts";

export const snapshotSchedules = rule({
  name: "snapshot-schedules",
  requirement: "B8",
  description: "Every class of snapshots that the stack declares has a job that makes and keeps them.",
  why: "A class by itself makes no snapshot, and one that is made by hand is never let go.",
  remediation: "Set backup.snapshots.class, or annotate the CronJob with dify-ha/backup-copies: csi://CLASS.",
  severity: "medium",
  sees: "stack",
  subjects: (resource, stack) => {
    if (kindOf(resource) !== "VolumeSnapshotClass") return [];
    const place = `csi://${nameOf(resource)}`;
    return [stack.some((r) => backupJobOf(r)?.copies.includes(place))];
  },
  check: (scheduled) =>
    violation(!scheduled, "no job makes snapshots of this class: schedule one that names it in dify-ha/backup-copies"),
});
