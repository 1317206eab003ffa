import { z } from "zod";

export type Schema = z.core.JSONSchema.BaseSchema;

/** JSON Schema of what may be given, each check's own words ("must be odd") as the description of what it checks. */
export function jsonSchemaOf(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any", override: addRemedy });
}

function addRemedy({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Schema }): void {
  const remedies = (zodSchema._zod.def.checks ?? []).flatMap((check) => {
    // Checks that are given a text answer every issue with it, so that the issue need not be a real one.
    const wordsFor = check._zod.def.error as z.core.$ZodErrorMap | undefined;
    const words = wordsFor?.({ code: "custom", input: undefined });
    return typeof words === "string" ? [words] : [];
  });
  if (remedies.length > 0) jsonSchema.description = remedies.map(withoutMust).join(", ");
}

/** "must be a size such as ..." becomes "size such as ...", to stand where a kind of value is named. */
function withoutMust(remedy: string): string {
  return remedy
    .replace(/^must not be ([^:]*).*$/, "not $1")
    .replace(/^must name a /, "name with a ")
    .replace(/^must be (an? |the )?/, "");
}

/** Kind and bounds of a value in a few words: "whole number 3 to 7, odd". */
export function valueOf(schema: Schema): string {
  const words = wordsOf(schema);
  if (!schema.description) return words;
  return words === "text" ? schema.description : `${words}, ${schema.description}`;
}

function wordsOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.oneOf) return [...new Set(schema.oneOf.map(wordsOf))].join(" or ");
  if (schema.enum) return schema.enum.map((v) => `\`${String(v)}\``).join(" or ");
  switch (schema.type) {
    case "integer":
    case "number":
      return spaced(schema.type === "integer" ? "whole number" : "number", range(schema.minimum, schema.maximum));
    case "array":
      return `${spaced("list of", range(schema.minItems, schema.maxItems) || "any number")}, each: ${valueOf((schema.items ?? {}) as Schema)}`;
    case "object":
      return schema.properties ? keysOf(schema) : mapOf(schema);
    case "boolean":
      return "`true` or `false`";
    default:
      return textOf(schema);
  }
}

function textOf({ format, minLength }: Schema): string {
  const kind = format === "uri" ? "URL" : "text";
  return minLength && minLength > 1 ? `${kind} of at least ${minLength} characters` : kind;
}

/** Of an entry of a list, whose keys have no rows of their own. */
function keysOf({ properties = {} }: Schema): string {
  return `\`{ ${Object.keys(properties).join(", ")} }\``;
}

function mapOf({ propertyNames, additionalProperties }: Schema): string {
  const valueSchema = typeof additionalProperties === "object" ? additionalProperties : {};
  return `map from ${valueOf((propertyNames ?? {}) as Schema)} to ${valueOf(valueSchema)}`;
}

function spaced(first: string, second: string): string {
  return second === "" ? first : `${first} ${second}`;
}

/** Zod writes the bounds of safe integers where there are none. */
function range(from: number | undefined, to: number | undefined): string {
  const lower = from === undefined || from <= Number.MIN_SAFE_INTEGER ? undefined : from;
  const upper = to === undefined || to >= Number.MAX_SAFE_INTEGER ? undefined : to;
  if (lower === undefined) return upper === undefined ? "" : `up to ${upper}`;
  return upper === undefined ? `${lower} or more` : `${lower} to ${upper}`;
}
