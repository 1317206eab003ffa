import type { PolicyConfigSchema } from "@pulumi/policy";
import type { Resource } from "./read/resource.ts";
import { NotYetKnown, Unreadable } from "./read/values.ts";

/** A figure or list that an environment may set in `policies/enforcement/ENVIRONMENT.json`. */
export type Parameter<T> = PolicyConfigSchema["properties"][string] & {
  readonly description: string;
  /** Holds when nothing is set: what production asks for. */
  readonly default: T;
};

/** How bad a violation is: "critical" loses data or opens it to others. */
export type Severity = "low" | "medium" | "high" | "critical";

type Parameters = Readonly<Record<string, Parameter<unknown>>>;
type Values<P extends Parameters> = { readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never };

interface RuleArgs<Subject, P extends Parameters> {
  /** By which enforcement files and messages call it. */
  readonly name: string;
  /** Row of the requirements that it enforces, such as "B11". */
  readonly requirement: string;
  /** One sentence: what holds when nothing is violated. */
  readonly description: string;
  /** What it costs to violate it, one sentence. */
  readonly why: string;
  /** How to comply, one sentence that names fields or settings. */
  readonly remediation: string;
  readonly severity: Severity;
  /** "resource": looks at each by itself, and stops it before it is made. "stack": relates resources to each other. */
  readonly sees: "resource" | "stack";
  readonly parameters?: P;
  /** What there is to check about a resource; nothing for all that is none of the rule's business. `parameters` and `previous` are rarely needed. */
  readonly subjects: (
    resource: Resource,
    stack: readonly Resource[],
    parameters: Values<P>,
    previous: readonly Resource[] | undefined,
  ) => readonly Subject[];
  /** What is wrong with it and what to set, one sentence each. Never repeats a value that might be secret. */
  readonly check: (subject: Subject, parameters: Values<P>) => readonly string[];
}

/** What a rule has to say about one resource. */
export interface Outcome {
  readonly violations: readonly string[];
  /** Values that it needs and that this preview cannot know. */
  readonly unknown: readonly string[];
}

export interface Rule extends Pick<
  RuleArgs<never, never>,
  "name" | "requirement" | "description" | "why" | "remediation" | "severity" | "sees"
> {
  readonly parameters: Parameters;
  /**
   * @param settings What the environment sets for its parameters.
   * @param previous What the stack was before this update, where that is known.
   */
  readonly judge: (
    resource: Resource,
    stack: readonly Resource[],
    settings?: Readonly<Record<string, unknown>>,
    previous?: readonly Resource[],
  ) => Outcome;
}

/**
 * Declares a rule. A value that a preview cannot know holds up only what depends on it, and is reported; a document that a rule
 * must read and cannot is a violation, so that no rule is ever switched off by what it looks at.
 */
export function rule<Subject, P extends Parameters = Record<never, never>>(args: RuleArgs<Subject, P>): Rule {
  const parameters: Parameters = args.parameters ?? {};
  const defaults = Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, parameter.default]));
  const { name, requirement, description, why, remediation, severity, sees } = args;
  return {
    ...{ name, requirement, description, why, remediation, severity, sees, parameters },
    judge: (resource, stack, settings = {}, previous) => {
      const values = { ...defaults, ...settings } as Values<P>;
      const violations: string[] = [];
      const unknown: string[] = [];
      const attempt = (step: () => void) => {
        try {
          step();
        } catch (error) {
          if (error instanceof NotYetKnown) unknown.push(error.path);
          else if (error instanceof Unreadable) violations.push(error.message);
          else throw error;
        }
      };
      attempt(() => {
        for (const subject of args.subjects(resource, stack, values, previous))
          attempt(() => violations.push(...args.check(subject, values)));
      });
      return { violations, unknown };
    },
  };
}

/** The message where something is wrong; nothing where it is not. */
export function violation(wrong: boolean, message: string): string[] {
  return wrong ? [message] : [];
}
