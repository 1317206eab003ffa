import { setTimeout as delay } from "node:timers/promises";
import { Failure, type Progress } from "../../local/failure.ts";
import type { RestoreCluster } from "./cluster.ts";
import type { Origin } from "./plan.ts";

const group = { group: "velero.io", version: "v1" } as const;

/** A backup of Velero, as far as it is looked at here. */
export interface VeleroBackup {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly storageLocation?: string };
  readonly status?: { readonly phase?: string; readonly completionTimestamp?: string };
}

interface VeleroRestore {
  readonly status?: {
    readonly phase?: string;
    readonly progress?: { readonly totalItems?: number; readonly itemsRestored?: number };
    readonly errors?: number;
    readonly validationErrors?: readonly string[];
    readonly failureReason?: string;
  };
}

/** The newest whole backup of a site that had ended by an instant: its locations are called as the sites are. */
export function newestWhole(backups: readonly VeleroBackup[], from: Origin, instant: string): VeleroBackup | undefined {
  const ended = ({ status }: VeleroBackup) => Date.parse(status?.completionTimestamp ?? "");
  return backups
    .filter(({ spec, status }) => spec.storageLocation === from && status?.phase === "Completed")
    .filter((backup) => ended(backup) <= Date.parse(instant))
    .toSorted((a, b) => ended(a) - ended(b))
    .at(-1);
}

/** @throws Failure when Velero is not there, or has no such backup. */
export async function findBackup(cluster: RestoreCluster, from: Origin, instant: string): Promise<string> {
  const namespace = cluster.namespaces.data;
  const list: unknown = await cluster.present(() =>
    cluster.custom.listNamespacedCustomObject({ ...group, namespace, plural: "backups" }),
  );
  if (!list)
    throw new Failure(
      "There is no Velero in this cluster: set backup.velero.enabled and run pulumi up. It lists the backups that a store has within a minute.",
    );
  const { items } = list as { items: VeleroBackup[] };
  const found = newestWhole(items, from, instant);
  if (!found)
    throw new Failure(
      `Velero has no whole backup at ${from} that is as old as ${instant}: kubectl -n ${namespace} get backups.velero.io`,
    );
  return found.metadata.name;
}

/**
 * Lets Velero put back what is missing; what is there stays as it is.
 * @throws Failure with what Velero says.
 */
export async function restoreObjects(cluster: RestoreCluster, backupName: string, progress: Progress): Promise<void> {
  const namespace = cluster.namespaces.data;
  const name = `${backupName}-${Date.now().toString(36)}`;
  const body = {
    apiVersion: "velero.io/v1",
    kind: "Restore",
    metadata: { name, namespace },
    spec: { backupName, existingResourcePolicy: "none" },
  };
  await cluster.ask(() =>
    cluster.custom.createNamespacedCustomObject({ ...group, namespace, plural: "restores", body }),
  );
  for (;;) {
    const restore: unknown = await cluster.ask(() =>
      cluster.custom.getNamespacedCustomObject({ ...group, namespace, plural: "restores", name }),
    );
    const { phase, progress: done, ...said } = (restore as VeleroRestore).status ?? {};
    if (phase === "Completed") return;
    if (phase === "PartiallyFailed" || phase === "Failed" || phase === "FailedValidation") {
      const why = [...(said.validationErrors ?? []), said.failureReason ?? `${said.errors ?? 0} errors`].join("; ");
      throw new Failure(
        `Restore ${name} of Velero: ${phase}, ${why}. It may write only with backup.velero.restores; see: velero -n ${namespace} restore logs ${name}`,
      );
    }
    progress(phase ? `${done?.itemsRestored ?? 0} of ${done?.totalItems ?? "?"} objects` : "Velero has not begun");
    await delay(2000);
  }
}
