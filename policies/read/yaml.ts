import { parse } from "yaml";
import { Unreadable } from "./values.ts";

/** What a file of a ConfigMap says. */
export function parsed(name: string, document: string): unknown {
  try {
    return parse(document);
  } catch {
    throw new Unreadable(`its entry ${name} is no YAML`);
  }
}
