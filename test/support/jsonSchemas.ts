import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { cachedModule, crdFiles } from "../../local/cluster/crds.ts";

/** A schema, of which we look at a few fields. */
interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly [keyword: string]: unknown;
}

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** Where kubeconform finds the schemas that `writeSchemas` writes. */
export const schemaLocation = (folder: string): string =>
  join(folder, "{{.Group}}", "{{.ResourceKind}}-{{.ResourceAPIVersion}}.json");

/**
 * Writes schemas of all kinds for kubeconform: those that the API server publishes, out of its own module, and those of the custom
 * resource definitions of the local cluster. Strict: a field that a schema does not name is refused.
 */
export async function writeSchemas(folder: string): Promise<void> {
  const kubernetes = await cachedModule("kubernetes", "k8s.io/kubernetes");
  const { definitions } = JSON.parse(await readFile(join(kubernetes, "api/openapi-spec/swagger.json"), "utf8")) as {
    definitions: Readonly<Record<string, Schema>>;
  };
  // All refer to one another: a file has them all, and says which of them it is.
  const all = Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, strict(schema)]));
  for (const [name, schema] of Object.entries(definitions))
    for (const kind of (schema["x-kubernetes-group-version-kind"] ?? []) as readonly Kind[])
      if (schema.properties?.["metadata"])
        await write(folder, kind, { $ref: `#/definitions/${name}`, definitions: all });
  for (const file of await crdFiles()) {
    const { spec } = parse(await readFile(file, "utf8")) as Definition;
    for (const { name: version, schema } of spec.versions)
      await write(folder, { group: spec.group, version, kind: spec.names.kind }, strict(schema.openAPIV3Schema));
  }
}

async function write(folder: string, { group, version, kind }: Kind, schema: object): Promise<void> {
  // kubeconform takes what stands before the slash for the group, of "v1" the whole.
  const place = join(folder, group || version);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, `${kind.toLowerCase()}-${version}.json`), JSON.stringify(schema));
}

/** The schema, without room for fields that it does not name, and with numbers where Kubernetes takes them for texts. */
function strict(schema: Schema): Schema {
  if (schema.format === "int-or-string" || schema["x-kubernetes-int-or-string"] === true)
    return { type: ["integer", "string"] } as unknown as Schema;
  const entries = Object.entries(schema).filter(([keyword]) => keyword !== "description" && keyword !== "format");
  const inner = Object.fromEntries(
    entries.map(([keyword, value]) => [
      keyword,
      keyword === "properties" ? mapped(value as Record<string, Schema>) : nested(value),
    ]),
  );
  const closed =
    schema.properties && !schema["additionalProperties"] && !schema["x-kubernetes-preserve-unknown-fields"];
  return { ...inner, ...(closed && { additionalProperties: false }) };
}

const mapped = (properties: Readonly<Record<string, Schema>>) =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, strict(schema)]));

function nested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nested);
  return typeof value === "object" && value !== null ? strict(value as Schema) : value;
}
