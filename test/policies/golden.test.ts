import { describe, expect, it } from "vitest";
import { AwsOffsite } from "../../components/offsite/aws.ts";
import { clusterSettings } from "../../config/cluster.ts";
import { rules } from "../../policies/rules/index.ts";
import { awsSettings } from "../components/offsite/sample.ts";
import { readGolden } from "../support/golden.ts";
import { declare } from "../support/mocks.ts";
import { environments } from "../support/stack.ts";
import { judge } from "../support/policies.ts";
import { availabilityMutations } from "./mutations/availability.ts";
import { bucketMutations } from "./mutations/backup/buckets.ts";
import { jobMutations } from "./mutations/backup/jobs.ts";
import { volumeMutations } from "./mutations/backup/volumes.ts";
import { mutated } from "./mutations/change.ts";
import { securityMutations } from "./mutations/security.ts";
import { completeProduction } from "./production.ts";

const mutations = [
  ...bucketMutations,
  ...jobMutations,
  ...volumeMutations,
  ...availabilityMutations,
  ...securityMutations,
];

describe.each(environments)("the stack %s", (environment) => {
  it("complies with every rule", () => expect(judge(readGolden(environment), environment).violations).toEqual([]));
});

describe("production with all that it may have", async () => {
  const complete = await completeProduction();
  // Rules that are switched off until the program has what they ask for are tried all the same.
  const levels = ["mandatory", "advisory", "disabled"] as const;

  it("complies with every rule", () => expect(judge(complete, "prod", { levels }).violations).toEqual([]));

  it.each(mutations)("%s alone notices who would %s", (rule, _what, kind, name, change) => {
    // Only one rule compares with what was before.
    const previous = rule === "lock-not-weakened" ? { previous: complete } : {};
    const { violations } = judge(mutated(complete, kind, name, change), "prod", { levels, ...previous });
    expect(new Set(violations.map((violation) => violation.rule))).toEqual(new Set([rule]));
  });

  it("has two mutations or more for every rule", () => {
    const count = (name: string) => mutations.filter(([rule]) => rule === name).length;
    expect(rules.map(({ name }) => name).filter((name) => count(name) < 2)).toEqual([]);
  });
});

describe("an off site with a trail", async () => {
  const settings = awsSettings({ dataEvents: true });
  const cluster = clusterSettings.parse({ protect: true });
  const declared = await declare(() => new AwsOffsite("offsite", { cluster, settings }));
  const offsite = declared.map((resource) => ({ ...resource, protect: resource.protected }));

  it("complies with every rule", () => expect(judge(offsite, "prod").violations).toEqual([]));
});
