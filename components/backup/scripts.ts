import { readFileSync } from "node:fs";

const folder = new URL("../../scripts/backup/", import.meta.url);

/** Text of a script that backs something up in a pod. */
export function script(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}
