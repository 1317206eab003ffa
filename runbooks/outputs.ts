import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { Failure, messageOf } from "../local/failure.ts";
import { repository } from "../local/paths.ts";
import type { OutputValues } from "../outputs.ts";

/** Where a stack's outputs are read. */
export interface OutputSource {
  /** @default the selected stack */
  readonly stack?: string | undefined;
  /** A file that has them as JSON: Pulumi is not asked. */
  readonly file?: string | undefined;
}

type OptionalName = {
  [Name in keyof OutputValues]-?: Partial<Pick<OutputValues, Name>> extends Pick<OutputValues, Name> ? Name : never;
}[keyof OutputValues];

/** Names of the outputs that a runbook reads. It gets no others. */
export interface OutputNames {
  readonly needed: readonly Exclude<keyof OutputValues, OptionalName>[];
  /** Those that not every stack has. */
  readonly optional: readonly OptionalName[];
}

/** Values of the named outputs. */
export type ReadOutputs<Names extends OutputNames> = Pick<
  OutputValues,
  Names["needed"][number] | Names["optional"][number]
>;

const command = "pulumi stack output --json --show-secrets";

/**
 * Reads outputs of a stack: all that a runbook knows of it.
 * @throws Failure that says which are missing, or why they cannot be read.
 */
export async function readOutputs<Names extends OutputNames>(
  { needed, optional }: Names,
  source: OutputSource,
): Promise<ReadOutputs<Names>> {
  const origin = source.file ?? (source.stack === undefined ? "the selected stack" : `stack "${source.stack}"`);
  const outputs = source.file === undefined ? await askPulumi(source.stack) : await readOutputFile(source.file);
  const names = [...needed, ...optional];
  const missing = needed.filter((name) => outputs[name] === undefined);
  if (missing.length > 0)
    throw new Failure(
      `Outputs are missing in ${origin}: ${missing.join(", ")}. Run pulumi up once with this version of the program${source.file === undefined ? "" : ", and write the file anew"}.`,
    );
  // As Pulumi shows what it was not asked to reveal.
  const hidden = names.filter((name) => outputs[name] === "[secret]");
  if (hidden.length > 0)
    throw new Failure(`Secrets are hidden in ${origin}: ${hidden.join(", ")}. Write the file with: ${command}`);
  const found = names.filter((name) => outputs[name] !== undefined);
  return Object.fromEntries(found.map((name) => [name, outputs[name]])) as ReadOutputs<Names>;
}

type Outputs = Readonly<Record<string, unknown>>;

async function readOutputFile(file: string): Promise<Outputs> {
  try {
    return asOutputs(await readFile(file, "utf8"));
  } catch (error) {
    throw new Failure(`Outputs cannot be read from ${file}: ${messageOf(error)}. Write it with: ${command}`);
  }
}

function asOutputs(text: string): Outputs {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("it is no JSON object with a key for each output");
  return value as Outputs;
}

async function askPulumi(stack: string | undefined): Promise<Outputs> {
  const options = stack === undefined ? [] : ["--stack", stack];
  const result = await execa("pulumi", [...command.split(" ").slice(1), "--non-interactive", ...options], {
    cwd: repository,
    stdin: "ignore",
    reject: false,
  });
  if (result.code === "ENOENT")
    throw new Failure(
      "There is no pulumi on PATH: install it, or give --outputs FILE. For the stack of make up: local/run backups ...",
    );
  if (result.exitCode !== 0) throw new Failure(pulumiProblem(result.stderr || result.stdout, stack));
  return asOutputs(result.stdout);
}

function pulumiProblem(text: string, stack: string | undefined): string {
  if (text.includes("no stack named"))
    return `There is no stack "${stack ?? ""}": pulumi stack ls lists those there are.`;
  if (text.includes("no stack selected")) return "No stack is selected: give --stack NAME, or run pulumi stack select.";
  const line = text.split("\n").find((each) => each.startsWith("error: "));
  return `Pulumi does not tell the stack's outputs: ${(line ?? text).replace(/^error: /, "").trim()}`;
}
