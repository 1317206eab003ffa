import type { Bucket } from "../objectStore/bucket.ts";

/** Tables of Dify's database whose rows name files, and the column with the key. */
const namedBy = { upload_files: "key", tool_files: "file_key" } as const;
type Table = keyof typeof namedBy;

/** SQL for Dify's database; its rows come as lines. Undefined when it does not answer. */
export type Ask = (sql: string) => Promise<string | undefined>;

/** What was looked at, and what is missing. */
export interface FileCheck {
  /** Keys that rows name, each once. */
  readonly named: number;
  /** Those of them that the bucket does not have. */
  readonly missing: readonly string[];
}

/**
 * Looks whether the bucket has every file that a row names.
 * @throws when the database does not answer, or the bucket.
 */
export async function checkFiles(ask: Ask, bucket: Pick<Bucket, "keys">): Promise<FileCheck> {
  const named = new Set<string>();
  for (const table of Object.keys(namedBy) as Table[]) for (const key of await keysOf(ask, table)) named.add(key);
  const present = named.size > 0 ? new Set(await bucket.keys("")) : new Set<string>();
  return { named: named.size, missing: [...named].filter((key) => !present.has(key)) };
}

async function keysOf(ask: Ask, table: Table): Promise<string[]> {
  const answered = async (sql: string) => {
    const text = await ask(sql);
    if (text === undefined) throw new Error(`database dify does not answer, or not in time: ${sql}`);
    return text.trim();
  };
  // A version of Dify may not have it, and an empty database has none.
  if ((await answered(`SELECT to_regclass('${table}') IS NOT NULL`)) !== "t") return [];
  // As JSON: a key may have any character, and a line none that ends it.
  const lines = await answered(`SELECT DISTINCT to_json(${namedBy[table]}::text)::text FROM ${table}`);
  return lines === "" ? [] : lines.split("\n").map((line) => JSON.parse(line) as string);
}
