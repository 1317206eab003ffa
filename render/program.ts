import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { StackConfiguration } from "../config/load.ts";
import { Failure } from "../local/failure.ts";
import { repository } from "../local/paths.ts";
import { declare, type Declared } from "./declare.ts";

interface StackFile {
  readonly config?: Readonly<Record<string, unknown>>;
}

const isEncrypted = (value: unknown) => typeof value === "object" && value !== null && "secure" in value;

/** A committed stack's configuration as the engine hands it to a program: maps as JSON, and a stand-in for what is encrypted. */
export function stackConfiguration(stack: string): StackConfiguration {
  const known = committedStacks();
  if (!known.includes(stack))
    throw new Failure(`There is no stack "${stack}" here: Pulumi.<stack>.yaml is there for ${known.join(", ")}.`);
  const text = readFileSync(join(repository, `Pulumi.${stack}.yaml`), "utf8");
  const given = Object.entries((parse(text) as StackFile | null)?.config ?? {});
  const shown = ([key, value]: [string, unknown]) => {
    // Settings are checked: what must be a URL is one.
    if (isEncrypted(value))
      return `${key.startsWith("secrets:noticeUrl-") ? "https://example.com/" : ""}configured-secret-of-${key}`;
    return typeof value === "string" ? value : JSON.stringify(value);
  };
  return {
    stack,
    values: Object.fromEntries(given.map((entry) => [entry[0], shown(entry)])),
    secretKeys: given.filter(([, value]) => isEncrypted(value)).map(([key]) => key),
  };
}

function committedStacks(): string[] {
  return readdirSync(repository).flatMap((file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1] ?? []);
}

/**
 * What the program registers for a committed stack, without an engine. Once a process: the program and its configuration are global.
 * @throws pulumi.RunError that names the settings that are wrong.
 */
export async function declareStack(stack: string): Promise<Declared[]> {
  const { values, secretKeys } = stackConfiguration(stack);
  pulumi.runtime.setAllConfig({ ...values }, [...secretKeys]);
  const { default: program } = await import("../index.ts");
  return declare(program, stack);
}
