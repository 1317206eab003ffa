import { describe, expect, it } from "vitest";
import { at, find, secretMarker } from "../../support/mocks.ts";
import { podSpec } from "../../support/renderedPod.ts";
import { declareBackups } from "../../support/backupSample.ts";

const cronJobs = async (...args: Parameters<typeof declareBackups>) =>
  (await declareBackups(...args)).filter(({ type }) => type.endsWith(":CronJob"));

describe("backups by schedule", () => {
  it("run at their times, in the zone of the settings", async () => {
    const all = await cronJobs({ backup: { timeZone: "Europe/Berlin", postgres: { full: "0 1 * * *" } } });
    // Those of restores are templates, which never run by themselves.
    const jobs = all.filter(({ inputs }) => at(inputs, "spec.suspend") !== true);
    expect(Object.fromEntries(jobs.map(({ name, inputs }) => [name, at(inputs, "spec.schedule")]))).toEqual({
      "postgres-full": "0 1 * * *",
      "coordinated-backup": "0 4 * * *",
      "secrets-bundle": "50 1 * * *",
      "postgres-incremental": "30 * * * *",
      "postgres-offsite-full": "45 3 * * 0",
      "postgres-offsite-incremental": "45 3 * * 1-6",
      "postgres-check": "15 * * * *",
      "postgres-dump": "0 5 * * 0",
      "etcd-snapshot": "10 */6 * * *",
      "redis-rdb": "0 */6 * * *",
      "objects-copy": "20 1 * * *",
    });
    expect(new Set(jobs.map(({ inputs }) => at(inputs, "spec.timeZone")))).toEqual(new Set(["Europe/Berlin"]));
  });

  it("leave volumes and the cluster's etcd alone until they are told of them", async () => {
    const endpoints = ["https://10.0.0.11:2379", "https://10.0.0.12:2379"];
    const resources = await declareBackups({
      backup: { snapshots: { class: "ebs" }, clusterEtcd: { endpoints, secret: "cluster-etcd-client" } },
    });
    const names = resources.filter(({ type }) => type.endsWith(":CronJob")).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "volume-snapshots",
        "volume-copies",
        "volume-copy",
        "cluster-etcd-snapshot-0",
        "cluster-etcd-snapshot-1",
      ]),
    );
    expect(find(resources, "VolumeSnapshotClass", "dify-ebs").inputs).toMatchObject({ driver: "ebs.csi.aws.com" });
  });

  it("go to one place where there is no second site", async () => {
    const resources = await declareBackups({ sites: 1, backup: { snapshots: { class: "ebs" } } });
    const jobs = resources.filter(({ type }) => type.endsWith(":CronJob")).map(({ name }) => name);
    expect(jobs.filter((name) => name.includes("offsite") || name.startsWith("volume-cop"))).toEqual([]);
    const env = podSpec(resources, "CronJob", "postgres-dump").containers[0]?.env ?? [];
    expect(env.find(({ name }) => name === "SITES")?.value).toBe("CLUSTER");
  });

  it("never run twice at once, and end by themselves", async () => {
    for (const { inputs } of await cronJobs()) {
      expect(at(inputs, "spec.concurrencyPolicy")).toBe("Forbid");
      expect(at(inputs, "spec.jobTemplate.spec.activeDeadlineSeconds")).toBeGreaterThan(0);
    }
  });

  it("have their secrets in Secrets alone", async () => {
    const resources = await declareBackups();
    const shown = JSON.stringify(
      resources.filter(({ type }) => !type.endsWith(":Secret")).map(({ revealed }) => revealed),
    );
    for (const secret of ["pass phrase of repository", "a password of backupCipher", "secret-key-of-backups"])
      expect(shown).not.toContain(secret);
    expect(at(find(resources, "Secret", "backup-sites").inputs, "stringData.OFFSITE-cipher")).toBe(secretMarker);
  });
});
