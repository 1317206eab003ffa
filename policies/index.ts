import { PolicyPack } from "@pulumi/policy";
import { exemptionProblems, readExemptions } from "./exemptions.ts";
import { asPolicy, exemptionsPolicy } from "./policy.ts";
import { previousState } from "./previous.ts";
import { rules } from "./rules/index.ts";

const names = rules.map(({ name }) => name);
const today = new Date().toISOString().slice(0, 10);
const given = readExemptions().map((exemption) => ({
  exemption,
  problems: exemptionProblems(exemption, names, today),
}));
const settings = {
  exemptions: given.filter(({ problems }) => problems.length === 0).map(({ exemption }) => exemption),
  previous: previousState(),
};

new PolicyPack("dify-ha", {
  enforcementLevel: "mandatory",
  policies: [
    ...rules.map((rule) => asPolicy(rule, settings)),
    exemptionsPolicy(given.flatMap(({ problems }) => problems)),
  ],
});

// An engine that is killed cannot end its packs, so this one leaves by itself.
const engine = process.ppid;
setInterval(() => process.ppid !== engine && process.exit(0), 2000).unref();
