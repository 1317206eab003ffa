import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Offsite } from "../../../components/offsite/offsite.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { at, declare, find, type Declared } from "../../support/mocks.ts";
import { awsSection, awsSettings, home, names, replica } from "./sample.ts";

const noSecrets = {
  password: (name: string): pulumi.Output<string> => {
    throw new Error(`${name} is not needed`);
  },
};

function offsite(
  changes: Readonly<Record<string, unknown>> = {},
  cluster: Readonly<Record<string, unknown>> = {},
): Offsite {
  return new Offsite("offsite", {
    cluster: clusterSettings.parse(cluster),
    settings: awsSettings(changes),
    credentials: noSecrets,
  });
}

const buckets = [
  { name: "offsite-backups", bucket: home.backups, region: "eu-central-1", provider: "offsite", days: 35 },
  { name: "offsite-catalogue", bucket: home.catalogue, region: "eu-central-1", provider: "offsite", days: 90 },
  {
    name: "offsite-replica-backups",
    bucket: replica.backups,
    region: "eu-west-1",
    provider: "offsite-replica",
    days: 35,
  },
  {
    name: "offsite-replica-catalogue",
    bucket: replica.catalogue,
    region: "eu-west-1",
    provider: "offsite-replica",
    days: 90,
  },
];

const ofAws = (resources: readonly Declared[]) => resources.filter(({ type }) => type.startsWith("aws:"));
// One after the other: mocks are the whole process's.
const declared = await declare(() => offsite());
const withTrail = await declare(() => offsite({ dataEvents: true }));
const known = <T>(output: pulumi.Output<T>) => new Promise<T>((done) => void output.apply(done));

describe("the off site on AWS", () => {
  it.each(buckets)("locks bucket $bucket for $days days from its creation on", ({ name, bucket, region, days }) => {
    expect(find(declared, "Bucket", name).inputs).toMatchObject({ bucket, region, objectLockEnabled: true });
    expect(find(declared, "BucketObjectLockConfiguration", name).inputs).toMatchObject({
      bucket,
      rule: { defaultRetention: { mode: "COMPLIANCE", days } },
    });
    expect(at(find(declared, "BucketVersioning", name).inputs, "versioningConfiguration.status")).toBe("Enabled");
    expect(at(find(declared, "BucketLifecycleConfiguration", name).inputs, "rules.0")).toMatchObject({
      noncurrentVersionExpiration: { noncurrentDays: days },
      expiration: { expiredObjectDeleteMarker: true },
    });
  });

  it.each(buckets)("encrypts bucket $bucket with the key of its region, and closes it", ({ name, provider }) => {
    const rule = at(find(declared, "BucketServerSideEncryptionConfiguration", name).inputs, "rules.0");
    expect(rule).toEqual({
      applyServerSideEncryptionByDefault: {
        sseAlgorithm: "aws:kms",
        kmsMasterKeyId: `arn:aws:kms:::key/${provider}-key`,
      },
      bucketKeyEnabled: true,
    });
    expect(find(declared, "BucketPublicAccessBlock", name).inputs).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(at(find(declared, "BucketOwnershipControls", name).inputs, "rule.objectOwnership")).toBe(
      "BucketOwnerEnforced",
    );
  });

  it("makes everything by a provider of its region, in the one account", () => {
    for (const { name, provider } of buckets)
      for (const resource of ofAws(declared).filter((r) => r.name === name && r.type.startsWith("aws:s3/")))
        expect(resource.provider, resource.type).toBe(provider);
    expect(find(declared, "Key", "offsite-replica").provider).toBe("offsite-replica");
    expect(find(declared, "aws", "offsite").inputs).toMatchObject({
      region: "eu-central-1",
      allowedAccountIds: '["111122223333"]',
    });
    expect(find(declared, "aws", "offsite-replica").inputs["region"]).toBe("eu-west-1");
  });

  it.each(["backups", "catalogue"] as const)("copies %s to the other region with its key, watched", (role) => {
    const { inputs } = find(declared, "BucketReplicationConfig", `offsite-${role}`);
    expect(inputs).toMatchObject({ bucket: home[role], role: `arn:aws:iam:::role/${names.actors.replication}` });
    expect(at(inputs, "rules")).toEqual([
      {
        id: "everything",
        status: "Enabled",
        filter: {},
        deleteMarkerReplication: { status: "Enabled" },
        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
        destination: {
          bucket: `arn:aws:s3:::${replica[role]}`,
          encryptionConfiguration: { replicaKmsKeyId: "arn:aws:kms:::key/offsite-replica-key" },
          metrics: { status: "Enabled", eventThreshold: { minutes: 15 } },
          replicationTime: { status: "Enabled", time: { minutes: 15 } },
        },
      },
    ]);
  });

  it("rotates its keys, and gives time to take their deletion back", () => {
    for (const name of ["offsite", "offsite-replica"]) {
      expect(find(declared, "Key", name).inputs).toMatchObject({
        enableKeyRotation: true,
        deletionWindowInDays: 30,
      });
      expect(find(declared, "Alias", name).inputs["name"]).toBe("alias/dify-offsite");
    }
  });

  it("hands each writer its bucket, and drills a user that only reads", async () => {
    let site: Offsite | undefined;
    await declare(() => {
      site = offsite();
    });
    const { connection, reading, replica: away } = site as Offsite;
    expect(connection).toMatchObject({ region: "eu-central-1", addressing: "virtual", caCertificate: undefined });
    expect(connection && (await known(connection.endpoint))).toBe("https://s3.eu-central-1.amazonaws.com");
    expect(connection && (await known(connection.backups.accessKey))).toBe("offsite-backups-id");
    expect(connection && (await known(connection.catalogue.secretKey))).toBe("secret-key-of-offsite-catalogue");
    expect(connection?.ready).toHaveLength(5);
    expect(reading?.backups.bucket).toBe(home.backups);
    expect(reading && (await known(reading.backups.secretKey))).toBe("secret-key-of-offsite-reader");
    expect(away).toMatchObject({ region: "eu-west-1", catalogue: { bucket: replica.catalogue } });
  });

  it("keeps secret keys secret", async () => {
    let secret: boolean | undefined;
    await declare(async () => {
      const { connection } = offsite();
      secret = connection && (await pulumi.isSecret(connection.backups.secretKey));
    });
    expect(secret).toBe(true);
    expect(JSON.stringify(declared.map(({ revealed }) => revealed))).not.toContain("secret-key-of");
  });

  it("protects and keeps what holds data or guards it, as the cluster's settings say", async () => {
    const guarded = (resources: readonly Declared[]) =>
      ofAws(resources).filter(({ type }) => /^aws:(s3|kms)\//.test(type));
    for (const resource of guarded(declared))
      expect(resource, resource.type).toMatchObject({ protected: true, retained: true });
    for (const resource of guarded(await declare(() => offsite({}, { protect: false, retain: false }))))
      expect(resource, resource.type).toMatchObject({ protected: false, retained: false });
  });

  it("keeps no trail unless it is asked for", () => {
    expect(declared.filter(({ type }) => type.startsWith("aws:cloudtrail"))).toEqual([]);
    expect(JSON.stringify(find(declared, "Key", "offsite").inputs)).not.toContain("cloudtrail");
  });

  it("has a name of its own for each prefix", async () => {
    const other = await declare(() => offsite({}, { prefix: "dify-prod" }));
    expect(find(other, "User", "offsite-backups").inputs["name"]).toBe("dify-prod-offsite-backups");
    expect(find(other, "Role", "offsite-replication").inputs["name"]).toBe("dify-prod-offsite-replication");
  });
});

describe("the trail of an off site on AWS", () => {
  it("records every request to the objects of all four buckets", () => {
    const { inputs } = find(withTrail, "Trail", "offsite-trail");
    expect(inputs).toMatchObject({
      name: "dify-offsite",
      s3BucketName: "acme-backups-trail",
      isMultiRegionTrail: true,
      enableLogFileValidation: true,
      kmsKeyId: "arn:aws:kms:::key/offsite-key",
    });
    expect(at(inputs, "eventSelectors.0.dataResources.0.values")).toEqual(
      buckets.map(({ bucket }) => `arn:aws:s3:::${bucket}/`),
    );
  });

  it("is locked as long as the catalogue, and then goes", () => {
    const name = "offsite-trail";
    expect(at(find(withTrail, "Bucket", name).inputs, "tags")).toEqual({ "dify-ha/purpose": "audit" });
    expect(at(find(withTrail, "BucketObjectLockConfiguration", name).inputs, "rule.defaultRetention.days")).toBe(90);
    expect(at(find(withTrail, "BucketLifecycleConfiguration", name).inputs, "rules.0.expiration")).toEqual({
      days: 90,
    });
  });

  it("is encrypted with the key where backups are written, which knows of it", () => {
    const policyOf = (name: string) => find(withTrail, "Key", name).inputs["policy"];
    expect(policyOf("offsite")).toContain(`arn:aws:cloudtrail:eu-central-1:${awsSection.account}:trail/dify-offsite`);
    expect(policyOf("offsite-replica")).not.toContain("cloudtrail");
  });
});
