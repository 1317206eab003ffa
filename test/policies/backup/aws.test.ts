import { describe, expect, it } from "vitest";
import { awsEncryptionOf, awsLocksOf, awsVersionsOf } from "../../../policies/read/aws.ts";
import type { Resource } from "../../../policies/read/resource.ts";
import { bucketPartViolations } from "../../../policies/rules/backup/awsBucketParts.ts";
import { replicationViolations, type ReplicatedBucket } from "../../../policies/rules/backup/awsReplication.ts";
import { inPreview, judge, unknownText } from "../../support/policies.ts";

const on = (kind: string, inputs: Record<string, unknown>): Resource => ({
  type: `aws:s3/${kind.charAt(0).toLowerCase()}${kind.slice(1)}:${kind}`,
  name: "pg",
  inputs,
});
const lock = (defaultRetention: Record<string, unknown>) =>
  awsLocksOf(on("BucketObjectLockConfiguration", { rule: { defaultRetention } }))[0]?.lock;
const encrypted = (rule: Record<string, unknown>) =>
  awsEncryptionOf(
    on("BucketServerSideEncryptionConfiguration", { rules: [{ applyServerSideEncryptionByDefault: rule }] }),
  )[0]?.encrypted;

describe("sides of a bucket on AWS are read", () => {
  it("with a lock of days or years", () => {
    expect(lock({ mode: "COMPLIANCE", days: 35 })).toEqual({ mode: "COMPLIANCE", days: 35 });
    expect(lock({ mode: "COMPLIANCE", years: 1 })).toEqual({ mode: "COMPLIANCE", days: 365 });
    expect(lock({})).toBeUndefined();
  });
  it("as encrypted with a key of ours, also one that is yet to be made", () => {
    expect(encrypted({ sseAlgorithm: "aws:kms", kmsMasterKeyId: "arn" })).toBe(true);
    expect(encrypted({ sseAlgorithm: "aws:kms" })).toBe(false);
    expect(encrypted({ sseAlgorithm: "AES256" })).toBe(false);
    const rules = [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: unknownText } }];
    expect(awsEncryptionOf(inPreview(on("BucketServerSideEncryptionConfiguration", { rules })))[0]?.encrypted).toBe(
      true,
    );
  });
  it("as versioned only while versions are enabled", () => {
    const versioned = (status: string) =>
      awsVersionsOf(on("BucketVersioning", { versioningConfiguration: { status } }))[0]?.versioned;
    expect([versioned("Enabled"), versioned("Suspended")]).toEqual([true, false]);
  });
  it("under their older names, too", () =>
    expect(
      awsVersionsOf({ ...on("BucketVersioning", {}), type: "aws:s3/bucketVersioningV2:BucketVersioningV2" }),
    ).toHaveLength(1));
});

describe("a bucket on AWS", () => {
  it("names each side that nobody declares", () =>
    expect(bucketPartViolations({ bucket: "pg", lockable: false, present: ["BucketVersioning"] })).toEqual([
      expect.stringContaining("without object lock"),
      expect.stringContaining("no BucketObjectLockConfiguration"),
      expect.stringContaining("no BucketServerSideEncryptionConfiguration"),
      expect.stringContaining("no BucketPublicAccessBlock"),
      expect.stringContaining("no BucketOwnershipControls"),
      expect.stringContaining("no BucketPolicy"),
    ]));
  it("that stands alone breaks the rules of its sides and of its copies", () => {
    const { violations } = judge([on("Bucket", { bucket: "pg", region: "eu-west-1" })], "prod");
    expect(new Set(violations.map(({ rule }) => rule))).toEqual(
      new Set(["aws-bucket-parts", "aws-replication", "protected-state"]),
    );
  });
});

describe("a bucket with backups on AWS", () => {
  const copied: ReplicatedBucket = {
    bucket: "pg",
    region: "eu-central-1",
    copies: [{ enabled: true, encrypted: true, region: "eu-west-1" }],
  };
  const copy = (change: Partial<ReplicatedBucket["copies"][number]>): ReplicatedBucket => ({
    ...copied,
    copies: copied.copies.map((each) => ({ ...each, ...change })),
  });

  it("is copied to another region", () => expect(replicationViolations(copied)).toEqual([]));
  it.each([
    ["nowhere", { ...copied, copies: [] }, "copied to no other region"],
    ["by a rule that is off", copy({ enabled: false }), "copied to no other region"],
    ["without what is encrypted", copy({ encrypted: false }), "no encrypted object"],
    ["within its region", copy({ region: "eu-central-1" }), "in another region"],
    ["to a bucket that nobody declares", copy({ region: undefined }), "in another region"],
  ])("is refused when it is copied %s", (_, bucket, message) =>
    expect(replicationViolations(bucket)).toEqual([expect.stringContaining(message)]),
  );
});
