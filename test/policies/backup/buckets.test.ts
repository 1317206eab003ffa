import { describe, expect, it } from "vitest";
import { bucketsOf, type DeclaredBucket } from "../../../policies/read/buckets.ts";
import { Unreadable } from "../../../policies/read/values.ts";
import { backupBucketViolations } from "../../../policies/rules/backup/backupBuckets.ts";
import { bucketEncryptionViolations } from "../../../policies/rules/backup/bucketEncryption.ts";
import { bucketLockViolations } from "../../../policies/rules/backup/bucketLock.ts";
import { bucketVersionViolations } from "../../../policies/rules/backup/bucketVersions.ts";

const backups: DeclaredBucket = {
  name: "pg",
  purpose: "backup",
  versioned: true,
  encrypted: true,
  user: "pg",
  lock: { mode: "COMPLIANCE", days: 35 },
};
const files: DeclaredBucket = {
  name: "files",
  purpose: "application",
  versioned: false,
  encrypted: false,
  user: "dify",
};
const unlocked: DeclaredBucket = { name: "pg", purpose: "backup", versioned: true, encrypted: true, user: "pg" };

describe("backup buckets are locked", () => {
  it("accepts a bucket locked for long enough", () => expect(bucketLockViolations(backups, 35)).toEqual([]));
  it("leaves application buckets alone", () => expect(bucketLockViolations(files, 30)).toEqual([]));
  it.each<[string, DeclaredBucket, string]>([
    ["no lock", unlocked, "has no object lock"],
    ["a lock that its owner can lift", { ...backups, lock: { mode: "GOVERNANCE", days: 35 } }, "COMPLIANCE"],
    ["a lock that is too short", { ...backups, lock: { mode: "COMPLIANCE", days: 7 } }, "asks for 30"],
  ])("refuses %s", (_, bucket, message) =>
    expect(bucketLockViolations(bucket, 30)).toEqual([expect.stringContaining(message)]),
  );
});

describe("backup buckets keep versions and are encrypted", () => {
  it("accepts one that does and is", () =>
    expect([...bucketVersionViolations(backups), ...bucketEncryptionViolations(backups)]).toEqual([]));
  it("leaves application buckets alone", () =>
    expect([...bucketVersionViolations(files), ...bucketEncryptionViolations(files)]).toEqual([]));
  it("refuses one without versions", () =>
    expect(bucketVersionViolations({ ...backups, versioned: false })).toEqual([expect.stringContaining('"pg"')]));
  it("refuses one that is not encrypted", () =>
    expect(bucketEncryptionViolations({ ...backups, encrypted: false })).toEqual([expect.stringContaining('"pg"')]));
});

describe("an object store of the stack's own", () => {
  it("declares a bucket for backups", () => expect(backupBucketViolations({ backupBuckets: 2 })).toEqual([]));
  it("is refused without one", () =>
    expect(backupBucketViolations({ backupBuckets: 0 })).toEqual([expect.stringContaining("no bucket for backups")]));
});

describe("declared buckets are read", () => {
  const configMap = (labels: Record<string, string>, document: string) => ({
    type: "kubernetes:core/v1:ConfigMap",
    name: "buckets",
    inputs: { metadata: { labels }, data: { "buckets.json": document } },
  });
  const labelled = (document: string) => configMap({ "dify-ha/declares": "buckets" }, document);

  it("from the ConfigMap that is labelled so, and from no other", () => {
    const document = JSON.stringify([{ ...backups, encryption: "kms", encrypted: undefined }]);
    expect(bucketsOf(labelled(document))).toEqual([backups]);
    expect(bucketsOf(configMap({}, document))).toEqual([]);
  });
  it("as backups when nothing says otherwise", () =>
    expect(bucketsOf(labelled('[{"name":"new"}]'))).toEqual([
      { name: "new", purpose: "backup", versioned: false, encrypted: false, user: "" },
    ]));
  it.each(["", "{", '{"name":"pg"}'])("or refused as unreadable: %j", (document) =>
    expect(() => bucketsOf(labelled(document))).toThrow(Unreadable),
  );
});
