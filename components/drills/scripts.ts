import { readFileSync } from "node:fs";
import { script as backupScript } from "../backup/scripts.ts";

const folder = new URL("../../scripts/drills/", import.meta.url);

const files = [
  "drill.py",
  "catalogue.py",
  "postgres.py",
  "scratch_postgres.py",
  "objects.py",
  "snapshot.sh",
  "redis.sh",
  "locks.py",
  "dify_keys.py",
  "keys.py",
  "result.py",
];

/** Text of every script that drills run, by its name. */
export function drillScripts(): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(files.map((file) => [file, readFileSync(new URL(file, folder), "utf8")])),
    "kubernetes_api.py": backupScript("kubernetes_api.py"),
    "s3.py": backupScript("s3.py"),
  };
}
