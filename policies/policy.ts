import * as sdk from "@pulumi/policy";
import { isExempt, type Exemption } from "./exemptions.ts";
import { kindOf, nameOf, type Resource } from "./read/resource.ts";
import { notYetKnown, text } from "./read/values.ts";
import type { Outcome, Rule } from "./rule.ts";

/** Thrown at whoever reads an unknown value; the SDK exports it, but its types do not (1.21.0). */
const { UnknownValueError } = sdk as unknown as { UnknownValueError: new (mark: string, path: string[]) => Error };
/** The SDK's mark of a text that a preview cannot know. */
const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Copies properties out of the SDK's wrapping, in which reading an unknown value throws and so would switch off the whole rule. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const item = (key: string): unknown => {
    try {
      return plain((value as Record<string, unknown>)[key]);
    } catch (error) {
      if (error instanceof UnknownValueError) return notYetKnown;
      throw error;
    }
  };
  const keys = Object.keys(value);
  return Array.isArray(value) ? keys.map(item) : Object.fromEntries(keys.map((key) => [key, item(key)]));
}

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly props: Record<string, unknown>;
  readonly opts?: { readonly protect: boolean };
}

/** A resource as the rules see it, out of what the engine hands over. Most rules look at few kinds, so inputs are copied when one is read. */
export function asResource({ type, name, props, opts }: Registered): Resource {
  let inputs: Resource["inputs"] | undefined;
  return {
    type,
    name,
    protect: opts?.protect ?? false,
    get inputs() {
      return (inputs ??= plain(props) as Resource["inputs"]);
    },
  };
}

/** Where a violation is, as kubectl would name it. */
export function placeOf(resource: Resource): string {
  const kind = kindOf(resource) ?? resource.type;
  try {
    const namespace = text(resource.inputs, "metadata", "namespace");
    return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${nameOf(resource)}`;
  } catch {
    return `${kind} ${resource.name}`;
  }
}

function report(resource: Resource, { violations }: Outcome, tell: (message: string) => void): void {
  for (const violation of violations) tell(`${placeOf(resource)}: ${violation}`);
}

/** Has the SDK report that the rule "can't run during preview", once what could be checked has been. */
function deferToUpdate(unknown: readonly string[]): void {
  if (unknown.length > 0) throw new UnknownValueError(unknownText, [unknown.join(", .")]);
}

/** What holds for every rule of a pack. */
export interface PackSettings {
  readonly exemptions?: readonly Exemption[];
  /** The stack before this update. */
  readonly previous?: readonly Resource[] | undefined;
}

/** Fails the update for exemptions that have ended, or make no sense. */
export function exemptionsPolicy(problems: readonly string[]): sdk.Policies[number] {
  return {
    name: "exemptions",
    description: "Every exemption names a rule, a resource, a reason and the day on which it ends.",
    severity: "high",
    remediationSteps: "Correct the entry in exemptions.json, or take it out.",
    validateStack: (_args, violate: sdk.ReportViolation) => problems.forEach((problem) => violate(problem)),
  };
}

/** The rule as Pulumi's engine runs it. */
export function asPolicy(rule: Rule, { exemptions = [], previous }: PackSettings = {}): sdk.Policies[number] {
  const common = {
    name: rule.name,
    description: `${rule.description} (${rule.requirement})`,
    severity: rule.severity,
    remediationSteps: rule.remediation,
    configSchema: { properties: { ...rule.parameters } } as sdk.PolicyConfigSchema,
  };
  if (rule.sees === "resource")
    return {
      ...common,
      validateResource: (args, violate: sdk.ReportViolation) => {
        if (!/^(kubernetes|aws|tls):/.test(args.type))
          args.notApplicable("It is neither in Kubernetes nor on AWS, and no certificate");
        const resource = asResource(args);
        const outcome = rule.judge(resource, [resource], args.getConfig<Record<string, unknown>>(), previous);
        if (isExempt(exemptions, rule.name, args)) return;
        report(resource, outcome, violate);
        deferToUpdate(outcome.unknown);
      },
    };
  return {
    ...common,
    validateStack: (args, violate: sdk.ReportViolation) => {
      const stack = args.resources.map((registered) => ({ urn: registered.urn, resource: asResource(registered) }));
      const resources = stack.map(({ resource }) => resource);
      const unknown = stack.flatMap(({ urn, resource }) => {
        const outcome = rule.judge(resource, resources, args.getConfig<Record<string, unknown>>(), previous);
        if (isExempt(exemptions, rule.name, { name: resource.name, urn })) return [];
        report(resource, outcome, (message) => violate(message, urn));
        return outcome.unknown.map((path) => `${path} of ${placeOf(resource)}`);
      });
      deferToUpdate(unknown);
    },
  };
}
