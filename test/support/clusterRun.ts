import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { stopCluster } from "../../local/cluster/index.ts";
import { processIdentity } from "../../local/cluster/process/identity.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the run's throw-away cluster lives, once a test has asked for it (testCluster). */
    testClusterDir: string;
  }
}

const prefix = "dify-ha-test-cluster-";

/** A globalSetup: says where this run's cluster is to live, and removes it at the end of the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandoned();
  // A cluster for each project: what one leaves behind must not meet the other.
  const dir = join(tmpdir(), `${prefix}${process.pid}-${project.name}`);
  project.provide("testClusterDir", dir);
  return () => remove(dir);
}

/** Clusters of runs that were killed before they could remove them. */
async function removeAbandoned(): Promise<void> {
  const abandoned = readdirSync(tmpdir()).filter(
    (name) => name.startsWith(prefix) && !processIdentity(parseInt(name.slice(prefix.length))),
  );
  await Promise.all(abandoned.map((name) => remove(join(tmpdir(), name))));
}

async function remove(dir: string): Promise<void> {
  await stopCluster(dir);
  rmSync(dir, { recursive: true, force: true });
}
