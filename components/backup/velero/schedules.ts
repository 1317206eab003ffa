import type * as pulumi from "@pulumi/pulumi";
import type { BackupSettings } from "../../../config/backup.ts";
import type { LastingArea } from "../../network/namespaces.ts";
import { nameLabel } from "../../workload/labels.ts";
import { clusterKinds, namespacedKinds, resourceNames } from "./kinds.ts";
import type { BackupSpec, ExecHook, HookSpec, ScheduleSpec } from "./resources.ts";

export type VeleroSettings = BackupSettings["velero"];
type Namespaces = Readonly<Record<LastingArea, pulumi.Input<string>>>;

export interface ScheduleArgs {
  readonly settings: VeleroSettings;
  /** Zone that the schedules mean. */
  readonly timeZone: string;
  /** What is backed up. */
  readonly namespaces: Namespaces;
  /** Where the daily ones go, and where the weekly ones go. */
  readonly locations: Readonly<Record<"daily" | "weekly", string>>;
}

/** Every day near by, every week as far away as there is a place. */
export function schedules(args: ScheduleArgs): Readonly<Record<"daily" | "weekly", ScheduleSpec>> {
  const { settings, timeZone, locations } = args;
  const of = (cron: string, days: number, location: string): ScheduleSpec => ({
    schedule: `CRON_TZ=${timeZone} ${cron}`,
    // Otherwise the backups go when the schedule is replaced.
    useOwnerReferencesInBackup: false,
    template: backup(args, days, location),
  });
  return {
    daily: of(settings.daily, settings.dailyDays, locations.daily),
    weekly: of(settings.weekly, settings.weeklyDays, locations.weekly),
  };
}

/** Objects alone: what volumes hold is backed up by those who know what it is. */
function backup({ settings: { hooks }, namespaces }: ScheduleArgs, days: number, location: string): BackupSpec {
  // A hook runs when its pod is backed up.
  const pods = hooks.length > 0 ? ["pods"] : [];
  return {
    storageLocation: location,
    ttl: `${days * 24}h0m0s`,
    includedNamespaces: Object.values(namespaces),
    includedNamespaceScopedResources: [...resourceNames(namespacedKinds), ...pods],
    includedClusterScopedResources: resourceNames(clusterKinds),
    snapshotVolumes: false,
    defaultVolumesToFsBackup: false,
    ...(hooks.length > 0 && { hooks: { resources: hooks.map((hook) => hookSpec(hook, namespaces)) } }),
  };
}

function hookSpec(hook: VeleroSettings["hooks"][number], namespaces: Namespaces): HookSpec {
  const { name, when, area, workload, container, command, timeout, onError } = hook;
  const exec: ExecHook = { exec: { container, command, timeout: `${timeout}s`, onError } };
  return {
    name,
    includedNamespaces: [namespaces[area]],
    includedResources: ["pods"],
    labelSelector: { matchLabels: { [nameLabel]: workload } },
    ...(when === "before" ? { pre: [exec] } : { post: [exec] }),
  };
}
