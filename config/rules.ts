import type { Settings } from "./settings.ts";

/** What is wrong with a setting, where, and what would be right. */
export interface Problem {
  /** Dotted path, such as "postgres.members". */
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

type Section = keyof Settings;

/** A named check over one or more sections; it runs when all of them have the right shape. */
export interface Rule {
  readonly name: string;
  readonly sections: readonly Section[];
  readonly check: (settings: Settings) => readonly Problem[];
}

/**
 * Declares a check that relates settings to each other.
 * @example rule("one etcd member a zone", ["cluster", "postgres"], ({ cluster, postgres }) => [...])
 */
export function rule<S extends Section>(
  name: string,
  sections: readonly S[],
  check: (settings: Pick<Settings, S>) => readonly Problem[],
): Rule {
  return { name, sections, check };
}
