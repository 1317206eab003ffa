import type { PolicyConfigSchema } from "@pulumi/policy";
import type { Resource } from "./read/resource.ts";
import { NotYetKnown, Unreadable } from "./read/values.ts";

/** A figure or list that an environment may set in `policies/enforcement/ENVIRONMENT.json`. */
export type Parameter<T> = PolicyConfigSchema["properties"][string] & {
  readonly description: string;
  /** Holds when nothing is set: what production asks for. */
  readonly default: T;
};

type Parameters = Readonly<Record<string, Parameter<unknown>>>;
type Values<P extends Parameters> = { readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never };

interface RuleArgs<Subject, P extends Parameters> {
  /** By which enforcement files and messages call it. */
  readonly name: string;
  /** Row of the requirements that it enforces, such as "B11". */
  readonly requirement: string;
  /** One sentence: what holds when nothing is violated. */
  readonly description: string;
  /** "resource": looks at each by itself, and stops it before it is made. "stack": relates resources to each other. */
  readonly sees: "resource" | "stack";
  readonly parameters?: P;
  /** What there is to check about a resource; nothing for all that is none of the rule's business. */
  readonly subjects: (resource: Resource, stack: readonly Resource[]) => readonly Subject[];
  /** What is wrong with it and what to set, one sentence each. Never repeats a value that might be secret. */
  readonly check: (subject: Subject, parameters: Values<P>) => readonly string[];
}

/** What a rule has to say about one resource. */
export interface Outcome {
  readonly violations: readonly string[];
  /** Values that it needs and that this preview cannot know. */
  readonly unknown: readonly string[];
}

export interface Rule {
  readonly name: string;
  readonly requirement: string;
  readonly description: string;
  readonly sees: "resource" | "stack";
  readonly parameters: Parameters;
  readonly judge: (
    resource: Resource,
    stack: readonly Resource[],
    settings?: Readonly<Record<string, unknown>>,
  ) => Outcome;
}

/**
 * Declares a rule. A value that a preview cannot know holds up only what depends on it, and is reported; a document that a rule
 * must read and cannot is a violation, so that no rule is ever switched off by what it looks at.
 */
export function rule<Subject, P extends Parameters = Record<never, never>>(args: RuleArgs<Subject, P>): Rule {
  const parameters: Parameters = args.parameters ?? {};
  const defaults = Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, parameter.default]));
  const { name, requirement, description, sees } = args;
  return {
    ...{ name, requirement, description, sees, parameters },
    judge: (resource, stack, settings = {}) => {
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
        for (const subject of args.subjects(resource, stack))
          attempt(() => violations.push(...args.check(subject, values)));
      });
      return { violations, unknown };
    },
  };
}
