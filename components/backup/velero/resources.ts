import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { workloadLabels } from "../../workload/labels.ts";

/** A key of a Secret in Velero's namespace. */
interface SecretKey {
  readonly name: pulumi.Input<string>;
  readonly key: string;
}

/** A bucket, as far as it is used here. */
export interface BackupStorageLocationSpec {
  readonly provider: "velero.io/aws";
  /** The one for backups that name none. */
  readonly default: boolean;
  readonly accessMode: "ReadWrite" | "ReadOnly";
  readonly objectStorage: {
    readonly bucket: pulumi.Input<string>;
    readonly prefix: string;
    /** Of the authority that signed the store's certificate, as PEM. */
    readonly caCertRef?: SecretKey;
  };
  /** Credentials as the AWS SDK's file has them. */
  readonly credential: SecretKey;
  /** Settings of the plugin: all of them text. */
  readonly config: Readonly<Record<string, pulumi.Input<string>>>;
}

/** A command in pods that are backed up. */
export interface ExecHook {
  readonly exec: {
    readonly container: string;
    readonly command: readonly string[];
    readonly timeout: string;
    readonly onError: "Continue" | "Fail";
  };
}

export interface HookSpec {
  readonly name: string;
  readonly includedNamespaces: readonly pulumi.Input<string>[];
  readonly includedResources: readonly ["pods"];
  readonly labelSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly pre?: readonly ExecHook[];
  readonly post?: readonly ExecHook[];
}

/** A backup, as far as it is used here. */
export interface BackupSpec {
  readonly storageLocation: pulumi.Input<string>;
  /** Such as "840h0m0s". */
  readonly ttl: string;
  readonly includedNamespaces: readonly pulumi.Input<string>[];
  readonly includedNamespaceScopedResources: readonly string[];
  readonly includedClusterScopedResources: readonly string[];
  readonly snapshotVolumes: false;
  readonly defaultVolumesToFsBackup: false;
  readonly hooks?: { readonly resources: readonly HookSpec[] };
}

export interface ScheduleSpec {
  /** Five fields; the zone goes before them: "CRON_TZ=Etc/UTC 0 2 * * *". */
  readonly schedule: string;
  readonly useOwnerReferencesInBackup: false;
  readonly template: BackupSpec;
}

interface Specs {
  readonly BackupStorageLocation: BackupStorageLocationSpec;
  readonly Schedule: ScheduleSpec;
}

/** A resource of Velero's API (velero.io/v1), its specification checked by the compiler. */
export function veleroResource<K extends keyof Specs>(
  kind: K,
  args: { readonly name: string; readonly namespace: pulumi.Input<string>; readonly spec: Specs[K] },
  opts: pulumi.CustomResourceOptions,
): k8s.apiextensions.CustomResource {
  const { name, namespace, spec } = args;
  return new k8s.apiextensions.CustomResource(
    `velero-${name}`,
    { apiVersion: "velero.io/v1", kind, metadata: { name, namespace, labels: { ...workloadLabels("velero") } }, spec },
    opts,
  );
}
