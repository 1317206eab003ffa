import { kindOf, type Resource } from "./resource.ts";
import { entries, text } from "./values.ts";

/** A repository of pgBackRest's: its options without the number before them, such as "cipher-type". */
export interface Repository {
  readonly file: string;
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

const option = /^(repo\d+)-([\w-]+?)\s*=\s*(.*)$/;

/** The repositories that a ConfigMap's pgbackrest.conf names; none in all other resources. */
export function repositoriesOf(resource: Resource): Repository[] {
  if (kindOf(resource) !== "ConfigMap") return [];
  const files = entries(resource.inputs, "data").map(([name]) => name);
  return files
    .filter((name) => name === "pgbackrest.conf")
    .flatMap((file) => repositories(file, text(resource.inputs, "data", file) ?? ""));
}

function repositories(file: string, contents: string): Repository[] {
  const found = new Map<string, Record<string, string>>();
  for (const line of contents.split("\n")) {
    const [, name, key, value] = option.exec(line.trim()) ?? [];
    if (name && key) found.set(name, { ...found.get(name), [key]: value?.trim() ?? "" });
  }
  return [...found].map(([name, options]) => ({ file, name, options }));
}
