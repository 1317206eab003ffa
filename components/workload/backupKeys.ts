/** Annotations by which volumes and jobs declare their backups: written by the program, read by the policies. */
export const backupKeys = {
  /** On a StatefulSet or claim: the backup from which its data comes back. On a namespace: "none", as nothing stays there. */
  method: "dify-ha/backup",
  /** On a CronJob: the data set that it backs up. */
  of: "dify-ha/backs-up",
  /** On a CronJob: what a run makes. */
  kind: "dify-ha/backup-kind",
  /** On a CronJob: URLs of the places that it writes to, with a space between two. */
  copies: "dify-ha/backup-copies",
  /** On a CronJob: days for which its backups are kept. */
  keepDays: "dify-ha/keep-days",
  /** On a CronJob: "yes", as it is a template that never runs by itself. */
  template: "dify-ha/template",
} as const;

/** What a run of a job makes. "dump" is a second format of what has another backup. */
export type BackupKind = "full" | "incremental" | "snapshot" | "copy" | "dump";

/** On the pods of what follows buckets: seconds that the second site may be behind. */
export const followedAnnotation = "dify-ha/followed-within";
