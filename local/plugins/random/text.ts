import { randomInt } from "node:crypto";
import { z } from "zod";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";
/** The vendor's default. */
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

const count = z.number().int().min(0).default(0);

/** Inputs of RandomPassword and RandomString: which characters, and how many at least of each sort. */
export const textInputs = z
  .strictObject({
    keepers: z.record(z.string(), z.string()).optional(),
    /** Characters. */
    length: z.number().int().min(1),
    lower: z.boolean().default(true),
    upper: z.boolean().default(true),
    /** The old name of `numeric`. */
    number: z.boolean().optional(),
    numeric: z.boolean().optional(),
    special: z.boolean().default(true),
    /** Used instead of the default special characters. */
    overrideSpecial: z.string().optional(),
    minLower: count,
    minUpper: count,
    minNumeric: count,
    minSpecial: count,
  })
  .transform((inputs) => {
    const numeric = inputs.numeric ?? inputs.number ?? true;
    return { ...inputs, numeric, number: numeric };
  })
  .superRefine(({ length, minLower, minUpper, minNumeric, minSpecial, ...inputs }, context) => {
    const least = minLower + minUpper + minNumeric + minSpecial;
    if (length < least)
      context.addIssue({
        code: "custom",
        path: ["length"],
        message: `must be at least the sum of the minimums, ${least}`,
      });
    if (!inputs.lower && !inputs.upper && !inputs.numeric && !inputs.special)
      context.addIssue({ code: "custom", path: ["length"], message: "no sort of character is allowed" });
  });

export type TextInputs = z.infer<typeof textInputs>;

/** Text in which every allowed character is equally likely at every place, once the minimums are met. */
export function randomText(inputs: TextInputs): string {
  const special = inputs.overrideSpecial ?? SPECIAL;
  const sorts = [
    { characters: LOWER, allowed: inputs.lower, least: inputs.minLower },
    { characters: UPPER, allowed: inputs.upper, least: inputs.minUpper },
    { characters: DIGITS, allowed: inputs.numeric, least: inputs.minNumeric },
    { characters: special, allowed: inputs.special, least: inputs.minSpecial },
  ];
  const every = sorts.map(({ characters, allowed }) => (allowed ? characters : "")).join("");
  const picked = sorts.flatMap(({ characters, least }) => pick(characters, least));
  return shuffle([...picked, ...pick(every, inputs.length - picked.length)]).join("");
}

function pick(characters: string, times: number): string[] {
  return Array.from({ length: times }, () => characters.charAt(randomInt(characters.length)));
}

/** Fisher and Yates. */
function shuffle(characters: string[]): string[] {
  for (let last = characters.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [characters[other] ?? "", characters[last] ?? ""];
  }
  return characters;
}
