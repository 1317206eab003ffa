import type { Target } from "./target.ts";
import { inWords } from "./target.ts";

/** What lies where the restore goes. */
export type Holdings =
  /** Databases without a table of Dify's. */
  | { readonly kind: "nothing" }
  | { readonly kind: "data"; readonly tables: number }
  /** Nobody answers; there may be data all the same. */
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * Why a restore does not begin: what is there may be newer than the target and would be gone.
 * @param told Stack whose newer data may go, as `--discard-newer` says.
 */
export function newerRefusal(holdings: Holdings, target: Target, stack: string, told?: string): string | undefined {
  if (told !== undefined && told !== stack)
    return `--discard-newer names "${told}", but this is stack "${stack}": is it the right one?`;
  if (holdings.kind === "nothing" || told === stack) return undefined;
  const there =
    holdings.kind === "data"
      ? `Its database holds ${holdings.tables} tables and was written to since`
      : `Whether its database holds anything cannot be seen (${holdings.reason})`;
  return `Stack "${stack}" would go back to ${inWords(target)}. ${there}: what is newer would be gone. If that is meant, say --discard-newer ${stack}.`;
}
