import { PolicyPack } from "@pulumi/policy";
import { asPolicy } from "./policy.ts";
import { rules } from "./rules/index.ts";

new PolicyPack("dify-ha", { enforcementLevel: "mandatory", policies: rules.map(asPolicy) });
