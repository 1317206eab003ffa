const placeholder = /\{\{(\w+)\}\}/g;

/** Name of the stack itself, beside its outputs. */
export const stackPlaceholder = "stack";

/** Outputs whose values a text shows. */
export function placeholdersOf(text: string): string[] {
  const names = [...text.matchAll(placeholder)].map(([, name]) => name as string);
  return [...new Set(names)].filter((name) => name !== stackPlaceholder);
}

/** Outputs that the commands of a text ask Pulumi for. */
export function askedOutputs(text: string): string[] {
  return [...text.matchAll(/pulumi stack output(?: --[\w-]+)* (\w+)/g)].map(([, name]) => name as string);
}

/** Puts values in the places of their names; what has none stays as "<name>". */
export function fill(text: string, values: Readonly<Record<string, string | number | undefined>>): string {
  return text.replaceAll(placeholder, (_, name: string) => `${values[name] ?? `<${name}>`}`);
}
