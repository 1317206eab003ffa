import { readFileSync } from "node:fs";

const folder = new URL("../../scripts/postgres/", import.meta.url);

/** Text of a script that runs in a pod. */
export function script(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}
