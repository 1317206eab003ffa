import { annotation, set, without, type Mutation } from "../change.ts";

/** What somebody might do to snapshots of volumes and to Velero: one field at a time, and the one rule that must notice. */
export const volumeMutations: readonly Mutation[] = [
  [
    "snapshot-schedules",
    "make snapshots of another class",
    "CronJob",
    "volume-snapshots",
    annotation("backup-copies", "csi://other"),
  ],
  [
    "snapshot-schedules",
    "declare a class that nobody uses",
    "VolumeSnapshotClass",
    "dify-topolvm",
    set("spare", "metadata", "name"),
  ],
  [
    "velero-namespaces",
    "leave the data out of the daily ones",
    "Schedule",
    "velero-daily",
    set(["dify-prod", "dify-prod-sandbox"], "spec", "template", "includedNamespaces"),
  ],
  ["velero-namespaces", "make them weekly", "Schedule", "velero-daily", set("20 2 * * 1", "spec", "schedule")],
  [
    "velero-ttl",
    "let Velero delete what is locked",
    "Schedule",
    "velero-daily",
    set("240h0m0s", "spec", "template", "ttl"),
  ],
  [
    "velero-ttl",
    "leave it to Velero how long it keeps",
    "Schedule",
    "velero-weekly",
    without("spec", "template", "ttl"),
  ],
  [
    "velero-owner-references",
    "let backups go with their schedule",
    "Schedule",
    "velero-daily",
    set(true, "spec", "useOwnerReferencesInBackup"),
  ],
  [
    "velero-owner-references",
    "let weekly backups go with theirs",
    "Schedule",
    "velero-weekly",
    set(true, "spec", "useOwnerReferencesInBackup"),
  ],
  [
    "velero-location",
    "give Velero the whole bucket",
    "BackupStorageLocation",
    "velero-offsite",
    set("", "spec", "objectStorage", "prefix"),
  ],
  [
    "velero-location",
    "leave Velero the server's credentials",
    "BackupStorageLocation",
    "velero-cluster",
    without("spec", "credential"),
  ],
  [
    "velero-repository-password",
    "leave Velero its published password",
    "Secret",
    "velero-repo-credentials",
    set({ other: "x" }, "stringData"),
  ],
  [
    "velero-repository-password",
    "set it where Velero does not look",
    "Secret",
    "velero-repo-credentials",
    set("dify-prod", "metadata", "namespace"),
  ],
];
