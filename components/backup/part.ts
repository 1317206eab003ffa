import type * as pulumi from "@pulumi/pulumi";
import type { BackupSettings } from "../../config/backup.ts";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { Figures } from "../observability/figures.ts";
import type { BackupSites } from "./sites.ts";

/** What the backups of each part of the stack are told. */
export interface BackupPartArgs {
  readonly cluster: ClusterSettings;
  /** Namespace of the jobs. */
  readonly namespace: pulumi.Input<string>;
  readonly settings: BackupSettings;
  /** Where they go. */
  readonly sites: BackupSites;
  /** How a job tells its figures. */
  readonly figures: Figures;
}
