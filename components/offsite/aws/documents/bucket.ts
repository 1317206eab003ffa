import { bucketArn, objectsArn, policyOf, type PolicyDocument, type PolicyStatement } from "../../../policyDocument.ts";

/** Nobody reaches a bucket but by TLS 1.2 or newer. */
export function encryptedConnections(bucket: string): PolicyStatement[] {
  const everything = {
    Effect: "Deny",
    Principal: "*",
    Action: ["s3:*"],
    Resource: [bucketArn(bucket), objectsArn(bucket)],
  } as const;
  return [
    { Sid: "InClear", ...everything, Condition: { Bool: { "aws:SecureTransport": "false" } } },
    { Sid: "OldTls", ...everything, Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
  ];
}

/**
 * Policy of a bucket for backups. It grants nothing; what it refuses, it refuses to the administrator as well. Objects get the bucket's own key: a
 * writer who could name another would write what nobody here can read.
 */
export function backupBucketPolicy(bucket: string): PolicyDocument {
  const put = { Effect: "Deny", Principal: "*", Action: ["s3:PutObject"], Resource: [objectsArn(bucket)] } as const;
  const given = (header: string) => ({ Null: { [`s3:${header}`]: "false" } });
  const encryption = "x-amz-server-side-encryption";
  return policyOf(
    ...encryptedConnections(bucket),
    { Sid: "OtherKey", ...put, Condition: given(`${encryption}-aws-kms-key-id`) },
    { Sid: "KeyOfTheCaller", ...put, Condition: given(`${encryption}-customer-algorithm`) },
    {
      Sid: "OtherEncryption",
      ...put,
      // What is not given differs, too: a put that leaves it to the bucket must pass.
      Condition: { ...given(encryption), StringNotEquals: { [`s3:${encryption}`]: "aws:kms" } },
    },
  );
}
