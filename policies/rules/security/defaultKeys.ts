import { containersOf } from "../../read/pods.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { entries, list, read } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** Beginnings of keys and passwords that stand in the sources of Dify, Weaviate, MinIO and Velero for all to read. */
const published = [
  "difyai123456",
  "dify-sandbox",
  "sk-9f73s3lj",
  "lYkiYYT6owG",
  "QaHbTe77Ctu",
  "WVF5YThaHlk",
  "minioadmin",
  "static-passw0rd",
];

/** Values by which something is kept secret: entries of Secrets, and variables of containers. */
function valuesOf(resource: Resource): { readonly place: string; readonly value: string }[] {
  const texts = (list: readonly (readonly [string, unknown])[]) =>
    list.flatMap(([place, value]) => (typeof value === "string" ? [{ place, value }] : []));
  if (kindOf(resource) === "Secret")
    return [
      ...texts(entries(resource.inputs, "stringData")),
      ...texts(entries(resource.inputs, "data")).map(({ place, value }) => ({
        place,
        value: Buffer.from(value, "base64").toString(),
      })),
    ];
  return containersOf(resource).flatMap(({ definition }) =>
    texts(
      list(definition, "env").map((variable) => [
        String(read(variable, "name")),
        (variable as { value?: unknown }).value,
      ]),
    ),
  );
}

export const defaultKeys = rule({
  name: "default-keys",
  requirement: "H14",
  description: "No key or password is one that was published with the software.",
  why: "Who tries the defaults first is in at once.",
  remediation: "Leave the secret to the program, which generates one, or set your own with pulumi config set --secret.",
  severity: "critical",
  sees: "resource",
  subjects: valuesOf,
  check: ({ place, value }) =>
    violation(
      published.some((start) => value === start || value.startsWith(start) || value.includes(`:${start}@`)),
      `"${place}" has a value that is published with the software: generate another`,
    ),
});
