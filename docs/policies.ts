import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { families } from "../policies/rules/index.ts";
import type { Rule } from "../policies/rule.ts";

export const policiesPage = fileURLToPath(new URL("policies.md", import.meta.url));

const environments = ["prod", "staging", "local"] as const;

type File = Readonly<Record<string, string | Readonly<Record<string, unknown>>>>;

function fileOf(environment: string): File {
  const file = new URL(`../policies/enforcement/${environment}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as File;
}
const files = environments.map((environment) => [environment, fileOf(environment)] as const);

function levelOf(file: File, rule: string): string {
  const own = file[rule];
  const level = typeof own === "string" ? own : own?.["enforcementLevel"];
  return (level ?? file["all"]) as string;
}

function section(rule: Rule): string {
  const levels = files.map(([environment, file]) => `${environment} ${levelOf(file, rule.name)}`);
  const parameters = Object.entries(rule.parameters).map(
    ([name, { description, default: value }]) => `- \`${name}\`: ${description} Default: \`${JSON.stringify(value)}\`.`,
  );
  return [
    `### ${rule.name}`,
    rule.description,
    `Requirement ${rule.requirement}; severity ${rule.severity}; ${levels.join(", ")}; looks at ${rule.sees === "stack" ? "the whole stack" : "each resource"}.`,
    `- **Why**: ${rule.why}`,
    `- **How to comply**: ${rule.remediation}`,
    ...(parameters.length > 0 ? [["Parameters:", ...parameters].join("\n")] : []),
  ]
    .join("\n\n")
    .replace("\n\n- **How", "\n- **How");
}

const head = `# Policies

Made from \`policies/rules/\` by \`make golden\`; do not edit. What an environment enforces, and with which figures, stands in
\`policies/enforcement/ENVIRONMENT.json\`.

To exempt a resource from a rule, add to \`policies/exemptions.json\` its \`rule\`, \`resource\` (a name, or a URN with \`*\`), \`reason\` and
\`expires\` (the last day, such as \`2027-01-31\`). An exemption that has ended, gives no reason or names no rule fails the update.`;

/** The contents of docs/policies.md. */
export function policiesMarkdown(): string {
  const parts = Object.entries(families).map(([family, rules]) => [`## ${family}`, ...rules.map(section)].join("\n\n"));
  return `${[head, ...parts].join("\n\n")}\n`;
}

if (import.meta.main) {
  writeFileSync(policiesPage, policiesMarkdown());
  console.log("docs/policies.md: written");
}
