import { describe, expect, it } from "vitest";
import { backupBucketPolicy } from "../../../components/offsite/aws/documents/bucket.ts";
import {
  backupsWriterPolicy,
  catalogueWriterPolicy,
  readerPolicy,
} from "../../../components/offsite/aws/documents/users.ts";
import { policyOf } from "../../../components/policyDocument.ts";
import { allows } from "../../support/iam.ts";
import { arnOf, home, replica } from "./sample.ts";

const users = {
  backups: backupsWriterPolicy(home.backups),
  catalogue: catalogueWriterPolicy(home.catalogue),
  reader: readerPolicy([...Object.values(home), ...Object.values(replica)]),
};
type User = keyof typeof users;

const may = (user: User, action: string, resource: string) => allows([users[user]], { action, resource });
/** Even with a second policy that grants everything. */
const mayEvenAsAdministrator = (user: User, action: string, resource: string) =>
  allows([users[user], policyOf({ Sid: "All", Effect: "Allow", Action: ["*"], Resource: ["*"] })], {
    action,
    resource,
  });

describe("the writer of backups", () => {
  it("writes, reads and lists its bucket", () => {
    for (const action of ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:GetObjectRetention"])
      expect(may("backups", action, arnOf.object(home.backups)), action).toBe(true);
    for (const action of ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketLocation"])
      expect(may("backups", action, arnOf.bucket(home.backups)), action).toBe(true);
  });
  it("puts markers over what has expired", () =>
    expect(may("backups", "s3:DeleteObject", arnOf.object(home.backups))).toBe(true));
  it.each([home.catalogue, replica.backups, replica.catalogue])("does not reach %s", (bucket) => {
    expect(may("backups", "s3:GetObject", arnOf.object(bucket))).toBe(false);
    expect(may("backups", "s3:PutObject", arnOf.object(bucket))).toBe(false);
    expect(may("backups", "s3:ListBucket", arnOf.bucket(bucket))).toBe(false);
  });
});

describe("the writer of the catalogue", () => {
  it("writes and reads records", () => {
    expect(may("catalogue", "s3:PutObject", arnOf.object(home.catalogue))).toBe(true);
    expect(may("catalogue", "s3:GetObject", arnOf.object(home.catalogue))).toBe(true);
  });
  it("never deletes one", () =>
    expect(mayEvenAsAdministrator("catalogue", "s3:DeleteObject", arnOf.object(home.catalogue))).toBe(false));
  it("does not reach backups", () => expect(may("catalogue", "s3:GetObject", arnOf.object(home.backups))).toBe(false));
});

describe("the reader", () => {
  it.each([...Object.values(home), ...Object.values(replica)])("reads %s", (bucket) => {
    expect(may("reader", "s3:GetObject", arnOf.object(bucket))).toBe(true);
    expect(may("reader", "s3:GetObjectVersion", arnOf.object(bucket))).toBe(true);
    expect(may("reader", "s3:ListBucketVersions", arnOf.bucket(bucket))).toBe(true);
  });
  it.each(["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"])("never may %s", (action) =>
    expect(mayEvenAsAdministrator("reader", action, arnOf.object(home.backups))).toBe(false),
  );
});

describe.each(["backups", "catalogue", "reader"] as const)("user %s", (user) => {
  it.each([
    "s3:DeleteObjectVersion",
    "s3:BypassGovernanceRetention",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
    "s3:PutObjectAcl",
  ])("never may %s", (action) => {
    for (const bucket of [...Object.values(home), ...Object.values(replica)])
      expect(mayEvenAsAdministrator(user, action, arnOf.object(bucket))).toBe(false);
  });
  it.each([
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutEncryptionConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketOwnershipControls",
  ])("never may %s", (action) => {
    for (const bucket of [...Object.values(home), ...Object.values(replica)])
      expect(mayEvenAsAdministrator(user, action, arnOf.bucket(bucket))).toBe(false);
  });
  it("has no right but on S3", () => {
    expect(may(user, "kms:Decrypt", "*")).toBe(false);
    expect(may(user, "iam:CreateAccessKey", arnOf.user("x"))).toBe(false);
    expect(may(user, "sts:AssumeRole", arnOf.role("x"))).toBe(false);
  });
});

describe("policies of users", () => {
  it("fit into what AWS takes inside of a user, also with the longest names", () => {
    const [backups, catalogue] = ["b".repeat(55), "c".repeat(55)];
    const longest = readerPolicy([backups, catalogue, `${backups}-replica`, `${catalogue}-replica`]);
    for (const policy of [longest, backupsWriterPolicy(backups), catalogueWriterPolicy(catalogue)])
      expect(JSON.stringify(policy).length).toBeLessThanOrEqual(2048);
  });
});

describe("the policy of a bucket", () => {
  const policy = backupBucketPolicy(home.backups);
  const tls = { "aws:SecureTransport": "true", "s3:TlsVersion": "1.3" };
  const put = (context: Record<string, string>) =>
    allows([users.backups, policy], { action: "s3:PutObject", resource: arnOf.object(home.backups), context });

  it("lets an upload pass that leaves the key to the bucket", () => expect(put(tls)).toBe(true));
  it("lets one pass that asks for KMS without naming a key", () =>
    expect(put({ ...tls, "s3:x-amz-server-side-encryption": "aws:kms" })).toBe(true));
  it.each([
    ["in clear", { "aws:SecureTransport": "false" }],
    ["by old TLS", { "s3:TlsVersion": "1.1" }],
    [
      "with another key",
      { "s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:999999999999:key/1" },
    ],
    ["with a key of the caller's", { "s3:x-amz-server-side-encryption-customer-algorithm": "AES256" }],
    ["with S3's own encryption", { "s3:x-amz-server-side-encryption": "AES256" }],
  ])("refuses one %s", (_, context) => expect(put({ ...tls, ...context })).toBe(false));
  it("refuses to read and list in clear", () => {
    const context = { "aws:SecureTransport": "false" };
    for (const resource of [arnOf.bucket(home.backups), arnOf.object(home.backups)])
      for (const action of ["s3:ListBucket", "s3:GetObject"])
        expect(allows([users.backups, policy], { action, resource, context })).toBe(false);
  });
  it("grants nothing by itself", () => expect(policy.Statement.every(({ Effect }) => Effect === "Deny")).toBe(true));
});
