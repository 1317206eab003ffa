import { bucketArn, policyOf, type PolicyDocument, type PolicyStatement } from "../../../policyDocument.ts";
import { identityArn, trailArn } from "../names.ts";

/** Somebody who uses a key through S3, for objects of these buckets and of no other. */
export interface KeyUse {
  readonly kind: "user" | "role";
  readonly name: string;
  readonly actions: readonly string[];
  readonly buckets: readonly string[];
}

/** What an upload needs of a key (the end of one in parts reads what was begun), a download, and S3 when it writes a replica. */
export const keyActions = {
  write: ["kms:GenerateDataKey", "kms:Decrypt"],
  read: ["kms:Decrypt"],
  replicate: ["kms:Encrypt", "kms:Decrypt"],
} as const;

/** What the account's administrators do with a key: everything but use it. */
const administration = [
  "kms:DescribeKey",
  "kms:GetKeyPolicy",
  "kms:PutKeyPolicy",
  "kms:ListKeyPolicies",
  "kms:EnableKey",
  "kms:DisableKey",
  "kms:UpdateKeyDescription",
  "kms:GetKeyRotationStatus",
  "kms:EnableKeyRotation",
  "kms:ListKeyRotations",
  "kms:RotateKeyOnDemand",
  "kms:ScheduleKeyDeletion",
  "kms:CancelKeyDeletion",
  "kms:CreateAlias",
  "kms:UpdateAlias",
  "kms:DeleteAlias",
  "kms:TagResource",
  "kms:UntagResource",
  "kms:ListResourceTags",
  "kms:ListGrants",
  "kms:RevokeGrant",
];

/** In a key's policy the resource is always that key, and AWS writes it so. */
const thisKey = ["*"];

export interface KeyPolicyArgs {
  readonly account: string;
  readonly region: string;
  readonly uses: readonly KeyUse[];
  /** Name of the trail that is encrypted with it. @default none */
  readonly trail?: string | undefined;
}

/**
 * Policy of a key, and the one place that says who may use it: no user's own policy does. Objects are encrypted for their bucket as a whole (bucket
 * keys), so that the bucket is what S3 names to the key.
 */
export function keyPolicy({ account, region, uses, trail }: KeyPolicyArgs): PolicyDocument {
  return policyOf(
    {
      Sid: "Administration",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: administration,
      Resource: thisKey,
    },
    ...uses.map(({ kind, name, actions, buckets }, i): PolicyStatement => ({
      Sid: `Use${i}`,
      Effect: "Allow",
      Principal: { AWS: identityArn(account, kind, name) },
      Action: actions,
      Resource: thisKey,
      Condition: {
        StringEquals: {
          "kms:ViaService": `s3.${region}.amazonaws.com`,
          "kms:EncryptionContext:aws:s3:arn": buckets.map(bucketArn),
        },
      },
    })),
    ...(trail === undefined ? [] : trailStatements(account, trailArn(account, region, trail))),
  );
}

/** CloudTrail encrypts what it delivers; who administers the account may read that, and nothing else that the key protects. */
function trailStatements(account: string, trail: string): PolicyStatement[] {
  const service = { Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Resource: thisKey } as const;
  const ofTrail = { "kms:EncryptionContext:aws:cloudtrail:arn": trail };
  return [
    {
      Sid: "TrailEncrypt",
      ...service,
      Action: ["kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"],
      Condition: { StringEquals: { "aws:SourceArn": trail, ...ofTrail } },
    },
    { Sid: "TrailDescribe", ...service, Action: ["kms:DescribeKey"] },
    {
      Sid: "TrailRead",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: ["kms:Decrypt"],
      Resource: thisKey,
      Condition: { StringEquals: ofTrail },
    },
  ];
}
