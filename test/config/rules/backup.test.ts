import { describe, expect, it } from "vitest";
import { settings } from "../../support/settings.ts";

const bucket = (name: string) => ({ bucket: name, accessKey: name });
const offsite = {
  backend: "s3",
  endpoint: "https://far",
  backups: bucket("far-backups"),
  catalogue: bucket("far-records"),
};

describe("settings of backups", () => {
  it("fit together as they are", () => expect(() => settings({})).not.toThrow());

  it.each([
    [
      "two base backups at one minute",
      { backup: { postgres: { incremental: "0 * * * *" } } },
      "begins at the same minute as full",
    ],
    [
      "two copies of buckets at one minute",
      { backup: { coordinated: { take: "20 1 * * *" } } },
      'backup.coordinated.take: "20 1 * * *" begins at the same minute as objects.copy ("20 1 * * *")',
    ],
    [
      "a follower that looks for lost events too seldom",
      { backup: { objects: { follow: { behind: 60, list: 120 } } }, offsite },
      "backup.objects.follow.list: 120 s between two listings leave no time to copy what they find within 60 s",
    ],
    [
      "deletions that go off site before the newest rows",
      { backup: { objects: { follow: { behind: 600 } } } },
      "after 900 s a file may be gone that a row of the newest instant names, which may be 600 s old",
    ],
    [
      "full backups that are gone before the next one",
      { backup: { postgres: { full: "0 2 1 * *" } }, postgres: { archive: { retentionDays: 30 } } },
      "leaves up to 31 days between full backups, longer than any is kept (30)",
    ],
    [
      "dumps that are gone before the next one",
      { backup: { postgres: { dump: "0 5 1 * *", dumpDays: 7 } } },
      "give at least 31",
    ],
    [
      "snapshots that nothing with Python makes",
      { backup: { snapshots: { class: "ebs" } }, postgres: { backend: "external", host: "db.example.com" } },
      "there is no image of Postgres to take in its place",
    ],
    [
      "snapshots that are gone before the next one",
      { backup: { snapshots: { class: "ebs", schedule: "0 3 1 * *" } } },
      "give at least 31",
    ],
    [
      "copies of volumes that are gone before the next one",
      { backup: { snapshots: { class: "ebs", copies: { schedule: "0 6 1 * *", keepDays: 30 } } } },
      "backup.snapshots.copies.keepDays: 30 days end before the next run",
    ],
    [
      "an etcd without encryption",
      { backup: { clusterEtcd: { endpoints: ["http://10.0.0.11:2379"], secret: "etcd" } } },
      "must be a URL with a port such as",
    ],
    [
      "edge sites without a store in which buckets are made",
      {
        backup: { edge: { sites: [{ name: "harbour", claims: ["files"] }] } },
        objectStore: {
          backend: "s3",
          region: "eu-central-1",
          ...Object.fromEntries(
            ["dify", "plugins", "backups", "catalogue"].map((name) => [name, { bucket: name, accessKey: "access" }]),
          ),
        },
      },
      'set objectStore.backend to "minio"',
    ],
    [
      "two edge sites of one name",
      { backup: { edge: { sites: ["a", "b"].map((claim) => ({ name: "harbour", claims: [claim] })) } } },
      "must have different names",
    ],
    [
      "backups of Velero's that go while they are locked",
      { backup: { velero: { enabled: true, dailyDays: 30 } }, objectStore: { retention: { backupDays: 30 } } },
      "backup.velero.dailyDays: after 30 days Velero deletes what is locked for 30 (objectStore.retention.backupDays)",
    ],
    [
      "backups of Velero's that go before the next one",
      { backup: { velero: { enabled: true, weekly: "20 5 1 1,3 *", weeklyDays: 60 } } },
      "60 days end before the next run",
    ],
    ["what is no time", { backup: { postgres: { full: "daily" } } }, "must be a cron time of five fields"],
  ])("refuse %s", (_, given, message) => expect(() => settings(given)).toThrow(message));
});
