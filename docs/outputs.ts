import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { secretOutputs } from "../outputs.ts";

/** An output as the reference shows it. */
export interface OutputRow {
  readonly name: string;
  readonly meaning: string;
  /** "text", "number", or the texts that it may be. */
  readonly value: string;
  readonly secret: boolean;
  /** Not every stack has it. */
  readonly optional: boolean;
}

export const outputsFile = fileURLToPath(new URL("outputs.md", import.meta.url));

const source = fileURLToPath(new URL("../outputs.ts", import.meta.url));

/** All outputs, by their types and comments. */
export function outputRows(): OutputRow[] {
  const file = ts.createSourceFile(source, readFileSync(source, "utf8"), ts.ScriptTarget.ES2024, true);
  const outputs = file.statements.filter(ts.isInterfaceDeclaration).find(({ name }) => name.text === "StackOutputs");
  if (!outputs) throw new Error(`${source} declares no StackOutputs`);
  const secret: readonly string[] = secretOutputs;
  return outputs.members.filter(ts.isPropertySignature).map((member) => {
    const name = member.name.getText(file);
    return {
      name,
      meaning: commentOf(member),
      value: valueOf(member.type?.getText(file) ?? ""),
      secret: secret.includes(name),
      optional: member.questionToken !== undefined,
    };
  });
}

function commentOf(member: ts.PropertySignature): string {
  const [comment] = ts.getJSDocCommentsAndTags(member);
  const text = comment && ts.isJSDoc(comment) ? ts.getTextOfJSDocComment(comment.comment) : undefined;
  return (text ?? "").replaceAll(/\s+/g, " ").trim();
}

/** What a reader gets: an Output's inner type. */
function valueOf(type: string): string {
  const inner = type.replace(/^pulumi\.Output<(.*)>$/, "$1");
  if (inner === "string") return "text";
  return inner.includes('"') ? inner.replaceAll('"', "`").replaceAll(" | ", " or ") : inner;
}

const head = `# Outputs of a stack

Made from \`outputs.ts\` by \`make golden\`; do not edit. What runbooks, pipelines and people read of a stack, and nothing else: \`pulumi stack output NAME\`; of those that are secret
\`pulumi stack output --show-secrets NAME\`. Each is one value, so that a secret makes no other output secret. Renaming one is a new major version.`;

/** The contents of docs/outputs.md. */
export function outputsMarkdown(rows: readonly OutputRow[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const titles = ["Output", "Meaning", "Value", "Secret", "Always"];
  const lines = rows.map(({ name, meaning, value, secret, optional }) =>
    line([`\`${name}\``, meaning, value, secret ? "yes" : "", optional ? "" : "yes"]),
  );
  return `${head}\n\n${[line(titles), line(titles.map(() => "---")), ...lines].join("\n")}\n`;
}

if (import.meta.main) {
  const text = outputsMarkdown(outputRows());
  const unchanged = existsSync(outputsFile) && readFileSync(outputsFile, "utf8") === text;
  writeFileSync(outputsFile, text);
  console.log(`docs/outputs.md: ${unchanged ? "unchanged" : "written"}`);
}
