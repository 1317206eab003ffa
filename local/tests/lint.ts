import { open } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { repository } from "../paths.ts";
import type { Check } from "./check.ts";

/** Checks of types, style and scripts. Each counts as one test. */
export const lintChecks: readonly Check[] = [
  { name: "types (tsc)", command: () => ["tsc", "--noEmit"] },
  { name: "style (eslint)", command: () => ["eslint", "."] },
  { name: "layout (prettier)", command: () => ["prettier", "--check", "--log-level", "warn", "."] },
  { name: "scripts (shellcheck)", command: async () => ["shellcheck", "--", ...(await shellScripts(repository))] },
];

/** Files under version control that a shell runs: by their name or by their first line. */
export async function shellScripts(folder: string): Promise<string[]> {
  const { stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: folder,
  });
  const files = stdout.split("\0").filter(Boolean);
  const shell = await Promise.all(
    files.map(async (file) => file.endsWith(".sh") || (await hasShellLine(join(folder, file)))),
  );
  return files.filter((_, i) => shell[i]);
}

async function hasShellLine(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false; // Deleted, and not yet committed.
  try {
    const { buffer } = await file.read(Buffer.alloc(32), 0, 32, 0);
    return /^#! ?\/\S*(bin\/|env )(ba|da)?sh\b/.test(buffer.toString("latin1"));
  } finally {
    await file.close();
  }
}
