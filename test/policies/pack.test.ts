import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { describe, expect, it } from "vitest";
import { asPolicy } from "../../policies/policy.ts";
import { rules } from "../../policies/rules/index.ts";
import { bucketLock } from "../../policies/rules/backup/bucketLock.ts";
import { defaultDeny } from "../../policies/rules/security/defaultDeny.ts";
import { asPreviewed, enforcement, enforcementFile, unknownText } from "../support/policies.ts";
import { environments } from "../support/stack.ts";

type ResourceArgs = Parameters<Extract<ResourceValidationPolicy["validateResource"], (...args: never) => unknown>>[0];
type StackArgs = Parameters<StackValidationPolicy["validateStack"]>[0];

/** Runs a policy as the SDK does, with resources whose properties may be unknown. */
async function validate(policy: ReturnType<typeof asPolicy>, props: Record<string, unknown>, type: string) {
  const messages: string[] = [];
  const resource = { type, name: "subject", urn: "urn:subject", props: asPreviewed(props) };
  const report = (message: string) => void messages.push(message);
  const getConfig = () => ({});
  const notApplicable = () => {
    throw new Error("not applicable");
  };
  if ("validateStack" in policy)
    await policy.validateStack({ resources: [resource], getConfig, notApplicable } as unknown as StackArgs, report);
  else if (typeof policy.validateResource === "function")
    await policy.validateResource({ ...resource, getConfig, notApplicable } as unknown as ResourceArgs, report);
  return messages;
}

const buckets = (document: string) => ({
  metadata: { name: "buckets", namespace: "dify-data", labels: { "dify-ha/declares": "buckets" } },
  data: { "buckets.json": document },
});
const unlocked = buckets('[{"name":"pg","purpose":"backup"}]');
const configMap = "kubernetes:core/v1:ConfigMap";

describe("a rule as a policy of Pulumi", () => {
  it("says what is wrong, where, and what to set", async () =>
    expect(await validate(asPolicy(bucketLock), unlocked, configMap)).toEqual([
      'ConfigMap dify-data/buckets: bucket "pg" holds backups but has no object lock: set lock.mode and lock.days',
    ]));

  it("looks at the whole stack where it relates resources", async () =>
    expect(
      await validate(asPolicy(defaultDeny), { metadata: { name: "dify" } }, "kubernetes:core/v1:Namespace"),
    ).toEqual([expect.stringContaining("Namespace dify: ")]));

  it("tells the SDK what a preview cannot know, which reports it", async () => {
    const run = validate(asPolicy(bucketLock), buckets(unknownText), configMap);
    await expect(run).rejects.toThrow(/data.buckets.json can't be known during preview/);
  });

  it("takes a document that it cannot read as a violation", async () =>
    expect(await validate(asPolicy(bucketLock), buckets("{"), configMap)).toEqual([
      expect.stringContaining("no JSON list of buckets"),
    ]));

  it("leaves what is no object of Kubernetes alone", async () => {
    await expect(validate(asPolicy(bucketLock), {}, "random:index/randomPassword:RandomPassword")).rejects.toThrow(
      "not applicable",
    );
  });
});

/** There is no second site for staging and on one machine; what is tried out there is to be thrown away. */
const laxer = {
  prod: {},
  staging: { "three-two-one": "advisory" },
  local: { "backup-alerts": "advisory", "three-two-one": "advisory", "protected-state": "disabled" },
};

describe("the pack", () => {
  it("names every rule once, in words with hyphens, and says what each enforces", () => {
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(rule.requirement).toMatch(/^[PHBO]\d+(, [PHBO]\d+)*$/);
      for (const sentence of [rule.description, rule.why, rule.remediation]) expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
  });

  it.each(environments)(
    "is mandatory in %s but for what is said here, with settings that the rules know",
    (environment) => {
      const { all, ...own } = enforcementFile(environment);
      expect(all).toBe("mandatory");
      for (const name of Object.keys(own)) {
        const known = Object.keys(rules.find((rule) => rule.name === name)?.parameters ?? {});
        expect(known, name).toEqual(expect.arrayContaining(Object.keys(enforcement(environment, name).settings)));
      }
      const lax = rules
        .map(({ name }) => [name, enforcement(environment, name).level])
        .filter(([, level]) => level !== all);
      expect(Object.fromEntries(lax)).toEqual(laxer[environment]);
    },
  );
});
