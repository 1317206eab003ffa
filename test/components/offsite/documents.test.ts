import { describe, expect, it } from "vitest";
import { keyPolicy } from "../../../components/offsite/aws/documents/key.ts";
import { replicationPolicy, replicationTrust } from "../../../components/offsite/aws/documents/replication.ts";
import { trailBucketPolicy } from "../../../components/offsite/aws/documents/trail.ts";
import { homeUses, replicaUses } from "../../../components/offsite/aws/documents/uses.ts";
import { trailArn } from "../../../components/offsite/aws/names.ts";
import { allows } from "../../support/iam.ts";
import { arnOf, awsSection, home, names, replica } from "./sample.ts";

const { account, region, replicaRegion } = awsSection;
const root = `arn:aws:iam::${account}:root`;
const { actors } = names;
const trail = trailArn(account, region, names.trail);

describe("the role of the replication", () => {
  const policy = replicationPolicy(home, replica);
  const may = (action: string, resource: string) => allows([policy], { action, resource });

  it("is S3's to take, and nobody else's", () => {
    const request = { action: "sts:AssumeRole", resource: "" };
    expect(allows([replicationTrust], { ...request, by: "s3.amazonaws.com" })).toBe(true);
    expect(allows([replicationTrust], { ...request, by: "ec2.amazonaws.com" })).toBe(false);
    expect(allows([replicationTrust], { ...request, by: root })).toBe(false);
  });

  it("reads versions with their locks here, and writes them there", () => {
    for (const action of ["s3:GetObjectVersionForReplication", "s3:GetObjectRetention", "s3:GetObjectLegalHold"])
      expect(may(action, arnOf.object(home.backups)), action).toBe(true);
    for (const action of ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"])
      expect(may(action, arnOf.object(replica.catalogue)), action).toBe(true);
    expect(may("s3:GetReplicationConfiguration", arnOf.bucket(home.backups))).toBe(true);
  });

  it("never writes back, and reaches no other bucket", () => {
    expect(may("s3:ReplicateObject", arnOf.object(home.backups))).toBe(false);
    expect(may("s3:GetObjectVersionForReplication", arnOf.object(replica.backups))).toBe(false);
    for (const action of ["s3:ReplicateObject", "s3:GetObjectVersionForReplication"])
      expect(may(action, arnOf.object("somebody-elses"))).toBe(false);
  });

  it.each(["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention", "s3:GetObject"])(
    "may not %s",
    (action) => {
      for (const bucket of [...Object.values(home), ...Object.values(replica)])
        expect(may(action, arnOf.object(bucket))).toBe(false);
    },
  );
});

describe("the key where backups are written", () => {
  const policy = keyPolicy({ account, region, uses: homeUses(names) });
  const uses = (by: string, action: string, bucket: string, via = `s3.${region}.amazonaws.com`) => {
    const context = { "kms:ViaService": via, "kms:EncryptionContext:aws:s3:arn": arnOf.bucket(bucket) };
    return allows([policy], { by, action, resource: "the key", context });
  };

  it("encrypts for each writer in its own bucket only", () => {
    expect(uses(arnOf.user(actors.backups), "kms:GenerateDataKey", home.backups)).toBe(true);
    expect(uses(arnOf.user(actors.backups), "kms:Decrypt", home.backups)).toBe(true);
    expect(uses(arnOf.user(actors.backups), "kms:Decrypt", home.catalogue)).toBe(false);
    expect(uses(arnOf.user(actors.catalogue), "kms:GenerateDataKey", home.catalogue)).toBe(true);
    expect(uses(arnOf.user(actors.catalogue), "kms:GenerateDataKey", home.backups)).toBe(false);
  });
  it.each(Object.values(home))("decrypts %s for the reader and the replication, and no more", (bucket) => {
    for (const by of [arnOf.user(actors.reader), arnOf.role(actors.replication)]) {
      expect(uses(by, "kms:Decrypt", bucket)).toBe(true);
      expect(uses(by, "kms:GenerateDataKey", bucket)).toBe(false);
      expect(uses(by, "kms:Encrypt", bucket)).toBe(false);
    }
  });
  it("does nothing outside of S3 in its region", () => {
    expect(uses(arnOf.user(actors.reader), "kms:Decrypt", home.backups, `s3.${replicaRegion}.amazonaws.com`)).toBe(
      false,
    );
    expect(allows([policy], { by: arnOf.user(actors.reader), action: "kms:Decrypt", resource: "the key" })).toBe(false);
  });
  it("is administered by the account, which by that alone cannot read", () => {
    const may = (action: string, by = root) => allows([policy], { by, action, resource: "the key" });
    for (const action of ["kms:PutKeyPolicy", "kms:DescribeKey", "kms:ScheduleKeyDeletion", "kms:EnableKeyRotation"])
      expect(may(action), action).toBe(true);
    for (const action of ["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:CreateGrant"])
      expect(may(action), action).toBe(false);
    for (const user of [actors.backups, actors.catalogue, actors.reader])
      for (const action of ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey"])
        expect(may(action, arnOf.user(user)), `${user} ${action}`).toBe(false);
  });
});

describe("the key of the replicas", () => {
  const policy = keyPolicy({ account, region: replicaRegion, uses: replicaUses(names) });
  const uses = (by: string, action: string) => {
    const context = {
      "kms:ViaService": `s3.${replicaRegion}.amazonaws.com`,
      "kms:EncryptionContext:aws:s3:arn": arnOf.bucket(replica.backups),
    };
    return allows([policy], { by, action, resource: "the key", context });
  };

  it("encrypts for the replication, and decrypts for the reader", () => {
    expect(uses(arnOf.role(actors.replication), "kms:Encrypt")).toBe(true);
    // Checks the bucket's key before it uses it.
    expect(uses(arnOf.role(actors.replication), "kms:Decrypt")).toBe(true);
    expect(uses(arnOf.user(actors.reader), "kms:Decrypt")).toBe(true);
    expect(uses(arnOf.user(actors.reader), "kms:Encrypt")).toBe(false);
  });
  it("is none of the writers' business", () => {
    for (const user of [actors.backups, actors.catalogue])
      for (const action of ["kms:GenerateDataKey", "kms:Decrypt", "kms:Encrypt"])
        expect(uses(arnOf.user(user), action)).toBe(false);
  });
});

describe("the trail", () => {
  const service = "cloudtrail.amazonaws.com";
  const bucket = names.buckets.trail;
  const policy = trailBucketPolicy({ bucket, account, trail });
  const key = keyPolicy({ account, region, uses: homeUses(names), trail: names.trail });
  const delivery = {
    "aws:SourceArn": trail,
    "s3:x-amz-acl": "bucket-owner-full-control",
    "aws:SecureTransport": "true",
  };
  const deliver = (context: Record<string, string>, resource = `arn:aws:s3:::${bucket}/AWSLogs/${account}/x.json.gz`) =>
    allows([policy], { by: service, action: "s3:PutObject", resource, context });

  it("delivers to its bucket", () => {
    expect(deliver(delivery)).toBe(true);
    const request = { by: service, action: "s3:GetBucketAcl", resource: arnOf.bucket(bucket), context: delivery };
    expect(allows([policy], request)).toBe(true);
  });
  it("of another account does not, nor anywhere else", () => {
    expect(deliver({ ...delivery, "aws:SourceArn": trailArn("999999999999", region, names.trail) })).toBe(false);
    expect(deliver(delivery, `arn:aws:s3:::${bucket}/elsewhere`)).toBe(false);
    expect(deliver(delivery, arnOf.object(home.backups))).toBe(false);
  });
  it("is encrypted for this trail, and read by the account", () => {
    const context = { "aws:SourceArn": trail, "kms:EncryptionContext:aws:cloudtrail:arn": trail };
    const may = (by: string, action: string, given: Record<string, string> = context) =>
      allows([key], { by, action, resource: "the key", context: given });
    expect(may(service, "kms:GenerateDataKey")).toBe(true);
    expect(may(service, "kms:GenerateDataKey", { ...context, "aws:SourceArn": "arn:aws:cloudtrail:other" })).toBe(
      false,
    );
    expect(may(service, "kms:Decrypt")).toBe(false);
    expect(may(root, "kms:Decrypt")).toBe(true);
    expect(may(root, "kms:Decrypt", { "kms:EncryptionContext:aws:s3:arn": arnOf.bucket(home.backups) })).toBe(false);
  });
});
