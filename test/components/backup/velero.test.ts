import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { customerKey } from "../../../components/backup/velero/locations.ts";
import { namespacedKinds } from "../../../components/backup/velero/kinds.ts";
import { declareBackups } from "../../support/backupSample.ts";
import { at, find, type Declared } from "../../support/mocks.ts";
import { podSpec } from "../../support/renderedPod.ts";

const declareVelero = (velero: Record<string, unknown> = {}, sites: 1 | 2 = 2) =>
  declareBackups({ sites, backup: { timeZone: "Europe/Berlin", velero: { enabled: true, ...velero } } });

const ofVelero = (resources: readonly Declared[], kind: string, name: string) =>
  at(find(resources, kind, name).inputs, "spec") as Record<string, unknown>;

const verbs = (resources: readonly Declared[], role: string) => {
  const rules = at(find(resources, "Role", role).inputs, "rules") as { resources: string[]; verbs: string[] }[];
  return (resource: string) => rules.filter((rule) => rule.resources.includes(resource)).flatMap((rule) => rule.verbs);
};

describe("Velero", () => {
  it("is not there unless it is asked for", async () => {
    const resources = await declareBackups();
    expect(resources.filter(({ name }) => name.startsWith("velero"))).toEqual([]);
  });

  it("writes near by every day and off site every week, in the zone of the settings", async () => {
    const resources = await declareVelero({ daily: "20 2 * * *", dailyDays: 40 });
    expect(ofVelero(resources, "Schedule", "velero-daily")).toMatchObject({
      schedule: "CRON_TZ=Europe/Berlin 20 2 * * *",
      useOwnerReferencesInBackup: false,
      template: { storageLocation: "cluster", ttl: "960h0m0s", snapshotVolumes: false },
    });
    expect(at(find(resources, "Schedule", "velero-weekly").inputs, "spec.template.storageLocation")).toBe("offsite");
  });

  it("writes both near by where there is no second site", async () => {
    const resources = await declareVelero({}, 1);
    expect(at(find(resources, "Schedule", "velero-weekly").inputs, "spec.template.storageLocation")).toBe("cluster");
    expect(resources.filter(({ type }) => type.endsWith(":BackupStorageLocation")).map(({ name }) => name)).toEqual([
      "velero-cluster",
    ]);
  });

  it("knows the stores by path, region and authority, and brings its own key", async () => {
    const resources = await declareVelero();
    expect(ofVelero(resources, "BackupStorageLocation", "velero-cluster")).toMatchObject({
      default: true,
      objectStorage: { prefix: "velero", caCertRef: { name: "velero-locations", key: "cluster.crt" } },
      credential: { name: "velero-locations", key: "cluster-credentials" },
      config: { s3ForcePathStyle: "true", region: "us-east-1", checksumAlgorithm: "CRC32" },
    });
    const { revealed } = find(resources, "Secret", "velero-locations");
    expect(at(revealed, "stringData.cluster-key")).toBe(customerKey("a password of backupCipher"));
    expect(customerKey("any")).toHaveLength(32);
  });

  it("has the password of its repository before it starts", async () => {
    const resources = await declareVelero();
    const { revealed } = find(resources, "Secret", "velero-repo-credentials");
    expect(at(revealed, "stringData.repository-password")).toBe("a password of veleroRepository");
  });

  it("runs hooks where they are asked for, and may run commands only then", async () => {
    const hook = {
      name: "checkpoint",
      when: "before",
      area: "data",
      workload: "postgres",
      container: "postgres",
      command: ["true"],
    };
    const [without, having] = [await declareVelero(), await declareVelero({ hooks: [hook] })];
    expect(verbs(without, "velero-data")("pods/exec")).toEqual([]);
    expect(verbs(having, "velero-data")("pods/exec")).toEqual(["create"]);
    expect(at(find(having, "Schedule", "velero-daily").inputs, "spec.template.hooks.resources")).toEqual([
      {
        name: "checkpoint",
        includedNamespaces: ["dify-data"],
        includedResources: ["pods"],
        labelSelector: { matchLabels: { "app.kubernetes.io/name": "postgres" } },
        pre: [{ exec: { container: "postgres", command: ["true"], timeout: "30s", onError: "Fail" } }],
      },
    ]);
  });

  it("reads what it backs up, and writes it only when it is to restore", async () => {
    const [usual, restoring] = [await declareVelero(), await declareVelero({ restores: true })];
    expect(verbs(usual, "velero-app")("secrets")).toEqual(["get", "list"]);
    expect(verbs(restoring, "velero-app")("secrets")).toEqual(["get", "list", "create", "update", "patch"]);
  });

  it("never runs twice", async () => {
    const resources = await declareVelero();
    expect(at(find(resources, "Deployment", "velero").inputs, "spec.strategy.type")).toBe("Recreate");
    expect(podSpec(resources, "Deployment", "velero").initContainers?.map(({ name }) => name)).toEqual(["plugin-aws"]);
  });
});

describe("kinds that Velero backs up", () => {
  it("are all that the program makes in a namespace where something stays, but for Jobs and what operators read", () => {
    const text = readFileSync(new URL("../../golden/prod.json", import.meta.url), "utf8");
    const made = (JSON.parse(text) as Declared[])
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .filter(({ inputs }) => !["dify-prod-drills", undefined].includes(at(inputs, "metadata.namespace") as string))
      .map(({ type }) => type.split(":").at(-1)?.toLowerCase() ?? "")
      .filter((kind) => !["job", "schedule", "backupstoragelocation", "podmonitor", "prometheusrule"].includes(kind));
    const known = Object.values(namespacedKinds).flat() as string[];
    const plural = (kind: string) => (kind.endsWith("y") ? `${kind.slice(0, -1)}ies` : `${kind}s`);
    expect([...new Set(made)].filter((kind) => !known.includes(plural(kind)))).toEqual([]);
  });
});
