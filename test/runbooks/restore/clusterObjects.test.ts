import { CustomObjectsApi } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";
import { RestoreCluster } from "../../../runbooks/restore/cluster.ts";
import {
  findBackup,
  newestWhole,
  restoreObjects,
  type VeleroBackup,
} from "../../../runbooks/restore/clusterObjects.ts";
import { clusterTimeout, eventually, testCluster, testNamespace, untilServed } from "../../support/cluster.ts";

const group = { group: "velero.io", version: "v1" } as const;

const backup = (name: string, storageLocation: string, phase: string, completionTimestamp: string): VeleroBackup => ({
  metadata: { name },
  spec: { storageLocation },
  status: { phase, completionTimestamp },
});
const backups = [
  backup("daily-1", "cluster", "Completed", "2026-11-21T02:21:00Z"),
  backup("daily-2", "cluster", "Completed", "2026-11-22T02:21:00Z"),
  backup("daily-3", "cluster", "PartiallyFailed", "2026-11-22T08:21:00Z"),
  backup("weekly-1", "offsite", "Completed", "2026-11-15T05:21:00Z"),
];

describe("the backup that missing objects come from", () => {
  it.each([
    ["cluster", "2026-11-22T12:00:00Z", "daily-2"],
    ["cluster", "2026-11-22T02:20:59Z", "daily-1"],
    ["offsite", "2026-11-22T12:00:00Z", "weekly-1"],
    ["offsite", "2026-11-01T12:00:00Z", undefined],
  ] as const)("of %s at %s is %s: whole, and not newer", (from, instant, name) =>
    expect(newestWhole(backups, from, instant)?.metadata.name).toBe(name),
  );
});

/** Velero's own kinds in a real API server; what its server would say is said by the test. */
describe("objects of the cluster", { timeout: 60_000 }, () => {
  let cluster: RestoreCluster;
  let api: CustomObjectsApi;
  let namespace: string;

  beforeAll(async () => {
    const { config, ...rest } = await testCluster();
    namespace = await testNamespace({ config, ...rest });
    cluster = new RestoreCluster(config, { app: namespace, data: namespace });
    api = config.makeApiClient(CustomObjectsApi);
    for (const plural of ["backups", "restores"]) await untilServed(api, { ...group, namespace, plural });
    for (const { metadata, spec, status } of backups) {
      const body = { apiVersion: "velero.io/v1", kind: "Backup", metadata, spec, status };
      await api.createNamespacedCustomObject({ ...group, namespace, plural: "backups", body });
    }
  }, clusterTimeout);

  /** Answers the next restore as the server would, with a status. */
  async function answer(status: object): Promise<unknown> {
    const where = { ...group, namespace, plural: "restores" };
    const asked = async () =>
      ((await api.listNamespacedCustomObject(where)) as { items: { metadata: { name: string }; status?: unknown }[] })
        .items;
    const found = await eventually(asked, (items) => items.some((item) => !item.status));
    const restore = found.find((item) => !item.status);
    await api.replaceNamespacedCustomObject({
      ...where,
      name: restore?.metadata.name ?? "",
      body: { ...restore, status },
    });
    return restore;
  }

  it("come from the newest whole backup, and what is there stays", async () => {
    const name = await findBackup(cluster, "cluster", "2026-11-22T12:00:00Z");
    expect(name).toBe("daily-2");
    const restored = restoreObjects(cluster, name, () => undefined);
    expect(await answer({ phase: "Completed" })).toMatchObject({
      spec: { backupName: "daily-2", existingResourcePolicy: "none" },
    });
    await restored;
  });

  it.each([
    [
      { phase: "PartiallyFailed", errors: 3 },
      /PartiallyFailed, 3 errors\. It may write only with backup\.velero\.restores/,
    ],
    [{ phase: "FailedValidation", validationErrors: ["backup not found"] }, /FailedValidation, backup not found/],
  ])("fail with what Velero says: %o", async (status, message) => {
    const restored = expect(restoreObjects(cluster, "daily-2", () => undefined)).rejects.toThrow(message);
    await answer(status);
    await restored;
  });

  it("say when there is no backup as old as that", async () => {
    await expect(findBackup(cluster, "offsite", "2026-11-01T12:00:00Z")).rejects.toThrow(
      /Velero has no whole backup at offsite that is as old as/,
    );
  });
});
