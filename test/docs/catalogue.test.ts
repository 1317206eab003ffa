import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { recordJsonSchema, schemaFile } from "../../docs/catalogue.ts";

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Paths of the keys that nobody has described. */
function undescribed(schema: Schema, path = ""): string[] {
  if (schema.items) return undescribed(schema.items, path);
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => [
    ...(property.description ? [] : [`${path}${key}`]),
    ...undescribed(property, `${path}${key}.`),
  ]);
}

describe("the JSON Schema of a record", () => {
  const schema = recordJsonSchema();

  it("is what docs/catalogue.schema.json says (a change that is meant: make golden)", () =>
    expect(readFileSync(schemaFile, "utf8") === schema, "docs/catalogue.schema.json is old: run make golden").toBe(
      true,
    ));

  it("gives every key a meaning", () => {
    expect(undescribed(JSON.parse(schema) as Schema)).toEqual([]);
    expect(schema).toContain("Identifies the cluster: a repository of another one is of no use.");
  });
});
