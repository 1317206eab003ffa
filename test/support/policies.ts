import type { Environment } from "./stack.ts";
import * as sdk from "@pulumi/policy";
import { readFileSync } from "node:fs";
import { asResource } from "../../policies/policy.ts";
import type { Resource } from "../../policies/read/resource.ts";
import { rules } from "../../policies/rules/index.ts";

type Settings = Readonly<Record<string, unknown>>;
export type Level = "mandatory" | "advisory" | "disabled";

/** How an environment enforces a rule, and what it sets for its parameters. */
interface Enforcement {
  readonly level: Level;
  readonly settings: Settings;
}

/** What an environment's file says, by rule. */
export function enforcementFile(environment: Environment): Readonly<Record<string, Level | Settings>> {
  const file = new URL(`../../policies/enforcement/${environment}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, Level | Settings>;
}

/** What the engine makes of that file. */
export function enforcement(environment: Environment, rule: string): Enforcement {
  const { all = "mandatory", [rule]: own = {} } = enforcementFile(environment);
  if (typeof own === "string") return { level: own, settings: {} };
  const { enforcementLevel = all, ...settings } = own;
  return { level: enforcementLevel as Level, settings };
}

/** What a rule says about a resource. */
export interface Finding {
  readonly rule: string;
  readonly resource: string;
  readonly message: string;
}

interface Findings {
  readonly violations: readonly Finding[];
  /** What the rules could not look at. */
  readonly unknown: readonly Finding[];
}

/**
 * Judges a stack by every rule, as the engine would: each resource by itself or among the others.
 * @param levels Rules of other levels are left out. @default what stops an update
 */
export function judge(
  stack: readonly Resource[],
  environment: Environment,
  { levels = ["mandatory"], previous }: { readonly levels?: readonly Level[]; readonly previous?: Resource[] } = {},
): Findings {
  const outcomes = rules.flatMap((rule) => {
    const { level, settings } = enforcement(environment, rule.name);
    if (!levels.includes(level)) return [];
    return stack.map((resource) => {
      const among = rule.sees === "stack" ? stack : [resource];
      const { violations, unknown } = rule.judge(resource, among, settings, previous);
      const finding = (message: string): Finding => ({ rule: rule.name, resource: resource.name, message });
      return { violations: violations.map(finding), unknown: unknown.map(finding) };
    });
  });
  return { violations: outcomes.flatMap((o) => o.violations), unknown: outcomes.flatMap((o) => o.unknown) };
}

/** The SDK has the function for tests but leaves it out of its types (1.21.0). */
const { unknownCheckingProxy } = sdk as unknown as {
  unknownCheckingProxy: (props: unknown) => Record<string, unknown>;
};

/** Properties as the SDK hands them to a policy in a preview: whoever reads an unknown one is thrown out. */
export function asPreviewed(props: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return unknownCheckingProxy(props);
}

/** The resource as rules see it in a preview. */
export function inPreview({ type, name, inputs }: Resource): Resource {
  return asResource({ type, name, props: asPreviewed(inputs) });
}

/** What the engine sends in place of a text that a preview cannot know. */
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
