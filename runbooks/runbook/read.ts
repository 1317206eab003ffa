import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Failure } from "../../local/failure.ts";

/** Parts that every runbook has, in this order. */
export const headings = ["When", "Who is affected", "Do", "How to see that it worked", "How to undo"] as const;

/** What to do in one situation, as a person reads it; "{{dataNamespace}}" stands for an output of the stack. */
export interface Runbook {
  /** As it is asked for: "lost-zone". */
  readonly name: string;
  readonly title: string;
  /** First sentence of "When". */
  readonly when: string;
  readonly text: string;
}

const folder = fileURLToPath(new URL("../", import.meta.url));
const suffix = ".md";

/** All that there are, by name. */
export function allRunbooks(): Runbook[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(suffix));
  return files.toSorted().map((file) => parse(file.slice(0, -suffix.length), readFileSync(`${folder}${file}`, "utf8")));
}

/** @throws Failure that says which there are. */
export function runbookOf(name: string): Runbook {
  const all = allRunbooks();
  const found = all.find((runbook) => runbook.name === name);
  if (!found)
    throw new Failure(`There is no runbook "${name}". There are: ${all.map((runbook) => runbook.name).join(", ")}.`);
  return found;
}

function parse(name: string, text: string): Runbook {
  const title = /^# (.*)$/m.exec(text)?.[1] ?? name;
  const when = /^## When\n\n([\s\S]*?)\n\n/m.exec(text)?.[1] ?? "";
  return { name, title, when: when.replaceAll("\n", " ").replace(/(?<=[a-z)`]\.) .*$/, ""), text };
}
