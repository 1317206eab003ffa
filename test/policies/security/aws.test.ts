import { describe, expect, it } from "vitest";
import { statementsOf } from "../../../policies/read/aws.ts";
import { Unreadable } from "../../../policies/read/values.ts";
import { awsLeastPrivilege, privilegeViolations } from "../../../policies/rules/security/awsLeastPrivilege.ts";
import {
  clearTextViolations,
  ownershipViolations,
  publicAccessViolations,
} from "../../../policies/rules/security/awsBucketAccess.ts";

const userPolicy = (statement: unknown) => ({
  type: "aws:iam/userPolicy:UserPolicy",
  name: "writer",
  inputs: { policy: JSON.stringify({ Version: "2012-10-17", Statement: statement }) },
});
const violations = (statement: unknown, ofKey = false) =>
  privilegeViolations({ statements: statementsOf(userPolicy(statement)), ofKey, attached: undefined });
const grant = { Sid: "Grant", Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::pg/*" };

describe("policies on AWS", () => {
  it.each([
    ["the objects of a bucket", grant],
    ["a bucket itself", { ...grant, Resource: ["arn:aws:s3:::pg"] }],
    ["objects below a path", { ...grant, Resource: ["arn:aws:s3:::pg/AWSLogs/1/*"] }],
  ])("may be about %s", (_, statement) => expect(violations(statement)).toEqual([]));
  it("may refuse as widely as they like", () =>
    expect(violations({ Effect: "Deny", Principal: "*", Action: "*", Resource: "*" })).toEqual([]));
  it("of a key call it by a star", () => {
    const use = { ...grant, Action: "kms:Decrypt", Resource: "*" };
    expect(violations(use, true)).toEqual([]);
    expect(violations(use)).toEqual([expect.stringContaining("on a wildcard")]);
  });
  it.each([
    ["every action of a service", { ...grant, Action: ["s3:*"] }, "name each action"],
    ["actions by their beginning", { ...grant, Action: "s3:Get*" }, "name each action"],
    ["objects of every bucket", { ...grant, Resource: "arn:aws:s3:::*/*" }, "on a wildcard"],
    ["buckets by their beginning", { ...grant, Resource: "arn:aws:s3:::pg*" }, "on a wildcard"],
    ["everything but what they name", { Effect: "Allow", NotAction: "iam:*", Resource: "arn:aws:s3:::pg" }, "all but"],
    ["everybody", { ...grant, Principal: "*" }, "to everybody"],
    ["every account", { ...grant, Principal: { AWS: ["*"] } }, "to everybody"],
  ])("may not grant %s", (_, statement, message) =>
    expect(violations(statement)).toEqual([expect.stringContaining(message)]),
  );
  it("may not be those that AWS wrote", () => {
    const attachment = {
      type: "aws:iam/userPolicyAttachment:UserPolicyAttachment",
      name: "writer",
      inputs: { policyArn: "arn:aws:iam::aws:policy/AdministratorAccess" },
    };
    expect(awsLeastPrivilege.judge(attachment, [attachment]).violations).toEqual([
      expect.stringContaining("AWS wrote"),
    ]);
  });
  it("are read inside of roles as well, and refused when they make no sense", () => {
    const role = (policy: string) => ({
      type: "aws:iam/role:Role",
      name: "role",
      inputs: { assumeRolePolicy: JSON.stringify({ Statement: [grant] }), inlinePolicies: [{ policy }] },
    });
    expect(statementsOf(role(JSON.stringify({ Statement: grant })))).toHaveLength(2);
    expect(() => statementsOf(role("{"))).toThrow(Unreadable);
  });
});

describe("a bucket on AWS", () => {
  const closed = {
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  };

  it("is closed to the public in all four ways", () => {
    expect(publicAccessViolations(closed)).toEqual([]);
    for (const name of Object.keys(closed))
      expect(publicAccessViolations({ ...closed, [name]: false })).toEqual([expect.stringContaining(name)]);
  });
  it("owns what lies in it", () => {
    expect(ownershipViolations("BucketOwnerEnforced")).toEqual([]);
    expect(ownershipViolations(undefined)).toHaveLength(1);
  });
  it("answers by TLS only", () => {
    const deny = {
      Effect: "Deny",
      Principal: "*",
      Action: ["s3:*"],
      Resource: "*",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    };
    const said = (statement: unknown) => clearTextViolations(statementsOf(userPolicy(statement)));
    expect(said(deny)).toEqual([]);
    expect(said({ ...deny, Condition: { Bool: { "aws:SecureTransport": false } } })).toEqual([]);
    for (const change of [
      { Effect: "Allow" },
      { Principal: { AWS: "x" } },
      { Action: "s3:PutObject" },
      { Condition: {} },
    ])
      expect(said({ ...deny, ...change })).toEqual([expect.stringContaining("in clear")]);
  });
});
