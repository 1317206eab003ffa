import { describe, expect, it } from "vitest";
import { awsSection } from "../../components/offsite/sample.ts";
import { settings } from "../../support/settings.ts";

const offsite = (changes: Readonly<Record<string, unknown>>) => ({ offsite: { ...awsSection, ...changes } });

describe("settings of an off site on AWS", () => {
  it("are accepted with what must be given alone", () => expect(() => settings(offsite({}))).not.toThrow());

  it.each([
    ["a replica in the same region", { replicaRegion: "eu-central-1" }, "is the region that it shall protect"],
    ["a region of another partition", { region: "cn-north-1" }, "must be a region such as"],
    ["an account that is none", { account: "1234" }, "must be the twelve digits"],
    ["one bucket for two purposes", { buckets: { backups: "one", catalogue: "one" } }, "names a bucket twice"],
    [
      "a bucket that has the name of a replica",
      { buckets: { backups: "one", catalogue: "one-replica" } },
      "names a bucket twice",
    ],
    [
      "a name that leaves no room for the replica's",
      { buckets: { backups: "b".repeat(56), catalogue: "records" } },
      "must be 3 to 55 lower-case letters",
    ],
    ["records that end before backups", { lock: { backupDays: 100 } }, "give at least 100"],
    ["locks that end before backups may", { lock: { backupDays: 30 } }, "give at least 31"],
  ])("refuse %s", (_, changes, message) => expect(() => settings(offsite(changes))).toThrow(message));

  it("let locks be as short as the archive is", () => {
    const postgres = { archive: { retentionDays: 7 } };
    expect(() => settings({ postgres, ...offsite({ lock: { backupDays: 8 } }) })).not.toThrow();
    expect(() => settings({ postgres, ...offsite({ lock: { backupDays: 7 } }) })).toThrow("give at least 8");
  });
});

describe("settings of an off site that speaks S3", () => {
  const login = (bucket: string) => ({ bucket, accessKey: "key" });
  const s3 = { backend: "s3", endpoint: "https://backups.example.com", backups: login("backups") };

  it("are held to different buckets, too", () => {
    expect(() => settings({ offsite: { ...s3, catalogue: login("records") } })).not.toThrow();
    expect(() => settings({ offsite: { ...s3, catalogue: login("backups") } })).toThrow("names a bucket twice");
  });
});
