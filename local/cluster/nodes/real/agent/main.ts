import { KubeConfig } from "@kubernetes/client-node";
import { Command } from "commander";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../../failure.ts";
import { Client } from "../../../../plugins/kubernetes/client.ts";
import type { RealNode } from "../topology.ts";
import { log } from "./log.ts";
import { enforcePolicies } from "./policies.ts";
import { provideVolumes } from "./volumes.ts";

interface Options {
  readonly dir: string;
  readonly kubeconfig: string;
}

const { dir, kubeconfig } = new Command("node-agent")
  .description(
    "Does on all real nodes what a network plugin and a storage driver do: enforces policies, provides volumes.",
  )
  .requiredOption("--dir <folder>", "the cluster's folder, with real-nodes.json")
  .requiredOption("--kubeconfig <file>", "an identity with the rights of agent.yaml")
  .parse()
  .opts<Options>();

try {
  const nodes = JSON.parse(readFileSync(join(dir, "real-nodes.json"), "utf8")) as RealNode[];
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = { config, client: new Client(config) };
  log(`started for ${nodes.map(({ name }) => name).join(", ")}`);
  enforcePolicies(api, nodes);
  provideVolumes(api, nodes);
} catch (error) {
  console.error(`node-agent: ${messageOf(error)}`);
  process.exit(1);
}

// Whatever is cut off is done again at the next start.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));
