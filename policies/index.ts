import { PolicyPack } from "@pulumi/policy";
import { asPolicy } from "./policy.ts";
import { rules } from "./rules/index.ts";

new PolicyPack("dify-ha", { enforcementLevel: "mandatory", policies: rules.map(asPolicy) });

// An engine that is killed cannot end its packs, so this one leaves by itself.
const engine = process.ppid;
setInterval(() => process.ppid !== engine && process.exit(0), 2000).unref();
