import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { recordSchema } from "../runbooks/catalogue/record.ts";
import { settingsComments } from "./settingsComments.ts";
import type { Schema } from "./settingsValue.ts";

export const schemaFile = fileURLToPath(new URL("catalogue.schema.json", import.meta.url));

/** The contents of docs/catalogue.schema.json: the schema of a record, each key with its comment as the description. */
export function recordJsonSchema(): string {
  const comments = settingsComments(
    fileURLToPath(new URL("../runbooks/catalogue/record.ts", import.meta.url)),
    "recordSchema",
  );
  const schema = {
    title: "Record of a coordinated backup of dify-ha",
    ...described(z.toJSONSchema(recordSchema), "", comments),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** The schema with a description of each key; an array's keys go by the array's own path. */
function described(schema: Schema, path: string, comments: ReadonlyMap<string, string>): Schema {
  if (schema.items) return { ...schema, items: described(schema.items as Schema, path, comments) };
  if (!schema.properties) return schema;
  const properties = Object.entries(schema.properties as Record<string, Schema>).map(([key, property]) => {
    const at = path === "" ? key : `${path}.${key}`;
    return [key, { description: comments.get(at), ...described(property, at, comments) }];
  });
  return { ...schema, properties: Object.fromEntries(properties) as Record<string, Schema> };
}

if (import.meta.main) {
  writeFileSync(schemaFile, recordJsonSchema());
  console.log("docs/catalogue.schema.json: written");
}
