import * as pulumi from "@pulumi/pulumi";
import { backupKeys, type BackupKind } from "./backupKeys.ts";

/** What a job says of the backups that it makes. Rules compute from it how many copies there are and how old they may get. */
export interface DeclaredBackup {
  /** The data set: a method that volumes name (`dify-ha/backup`), or what no volume holds, such as "secrets-bundle". */
  readonly of: string;
  readonly kind: BackupKind;
  /** URL of each place that it is written to: "https://HOST/BUCKET", or "csi://CLASS" for what stays with the volumes. */
  readonly copies: readonly pulumi.Input<string>[];
  /** Days for which it is kept. @default said elsewhere, or as long as the bucket keeps versions */
  readonly keepDays?: number | undefined;
}

export function backupAnnotations({
  of,
  kind,
  copies,
  keepDays,
}: DeclaredBackup): Record<string, pulumi.Input<string>> {
  return {
    [backupKeys.of]: of,
    [backupKeys.kind]: kind,
    [backupKeys.copies]: pulumi.all([...copies]).apply((urls) => urls.join(" ")),
    ...(keepDays !== undefined && { [backupKeys.keepDays]: `${keepDays}` }),
  };
}
