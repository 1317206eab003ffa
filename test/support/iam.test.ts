import { describe, expect, it } from "vitest";
import { policyOf, type PolicyStatement } from "../../components/policyDocument.ts";
import { allows } from "./iam.ts";

const grant: PolicyStatement = { Sid: "Grant", Effect: "Allow", Action: ["s3:Get*"], Resource: ["arn:aws:s3:::a/*"] };
const request = { action: "s3:GetObject", resource: "arn:aws:s3:::a/b/c" };
const when = (Condition: PolicyStatement["Condition"]) => [policyOf({ ...grant, ...(Condition && { Condition }) })];

describe("what policies allow", () => {
  it("is what one grants and none denies", () => {
    expect(allows([policyOf(grant)], request)).toBe(true);
    expect(allows([policyOf(grant)], { ...request, action: "s3:PutObject" })).toBe(false);
    expect(allows([policyOf(grant)], { ...request, resource: "arn:aws:s3:::ab/c" })).toBe(false);
    expect(allows([policyOf(grant), policyOf({ ...grant, Effect: "Deny" })], request)).toBe(false);
    expect(allows([], request)).toBe(false);
  });

  it("is for whom the policy names", () => {
    const policy = policyOf({ ...grant, Principal: { Service: "s3.amazonaws.com" } });
    expect(allows([policy], { ...request, by: "s3.amazonaws.com" })).toBe(true);
    expect(allows([policy], { ...request, by: "ec2.amazonaws.com" })).toBe(false);
  });

  it.each<[string, PolicyStatement["Condition"], Record<string, string>, boolean]>([
    ["an equal key", { StringEquals: { k: ["a", "b"] } }, { k: "b" }, true],
    ["a key that is not there", { StringEquals: { k: "a" } }, {}, false],
    ["another key than is excluded", { StringNotEquals: { k: "a" } }, {}, true],
    ["a key that must be there", { Null: { k: "false" } }, { k: "a" }, true],
    ["a key that must not be missing", { Null: { k: "false" } }, {}, false],
    ["a smaller number", { NumericLessThan: { k: "1.2" } }, { k: "1.1" }, true],
    ["all keys of all operators", { Bool: { j: "true" }, StringLike: { k: "a*" } }, { j: "true", k: "b" }, false],
  ])("depends on %s", (_, condition, context, expected) =>
    expect(allows(when(condition), { ...request, context })).toBe(expected),
  );
});
