import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { differences, dumpGolden, goldenFile, readGolden } from "../support/golden.ts";
import { environments } from "../support/stack.ts";
import type { Resource } from "../../policies/read/resource.ts";

/** Writes the golden lists anew and says what changed: `make golden`, after a change that is meant. */
for (const environment of environments) {
  const before = existsSync(goldenFile(environment)) ? readGolden(environment) : [];
  const text = await dumpGolden(environment);
  await writeFile(goldenFile(environment), text);
  const after = JSON.parse(text) as Resource[];
  const changes = differences(before, after);
  const summary = before.length === 0 ? "new" : changes.length === 0 ? "unchanged" : `${changes.length} changes`;
  console.log(`${environment}: ${after.length} resources, ${summary}`);
  if (before.length > 0) for (const change of changes) console.log(`  ${change}`);
}
