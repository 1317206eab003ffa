import { existsSync } from "node:fs";
import { join } from "node:path";
import { realNodesOf, type RealNode } from "../../../local/cluster/nodes/real/topology.ts";
import { Failure } from "../../../local/failure.ts";
import { localFolder } from "../../../local/paths.ts";
import { clusterFolder } from "../../../local/prepare.ts";
import { namespaceNames, type Area } from "../../../components/network/namespaces.ts";
import { loadSettings } from "../../../config/load.ts";
import type { PatroniSettings } from "../../../config/postgres.ts";
import type { Settings } from "../../../config/settings.ts";
import { stackConfiguration } from "../../support/stack.ts";

/** The running stack that tests break. */
export interface Stack {
  /** The cluster's own folder. */
  readonly dir: string;
  readonly kubeconfig: string;
  readonly nodes: readonly RealNode[];
  readonly namespaces: Readonly<Record<Area, string>>;
  /** Those of Pulumi.local.yaml. */
  readonly settings: Settings;
  readonly postgres: PatroniSettings;
}

/**
 * The stack in the folder that DIFY_HA_LOCAL names, which `make e2e` brings up.
 * @throws Failure when none runs there, or not on real nodes.
 */
export function runningStack(): Stack {
  const kubeconfig = join(clusterFolder, "kubeconfig");
  if (!existsSync(kubeconfig)) throw new Failure(`No stack runs in ${localFolder}: start these tests with make e2e.`);
  if (!existsSync(join(clusterFolder, "real-nodes.json")))
    throw new Failure(`The stack in ${localFolder} has simulated nodes only: nothing on them can fail for real.`);
  const settings = loadSettings(stackConfiguration("local"));
  if (settings.postgres.backend !== "patroni") throw new Failure("The stack has no Postgres of its own.");
  return {
    dir: clusterFolder,
    kubeconfig,
    nodes: realNodesOf(clusterFolder),
    namespaces: namespaceNames(settings.cluster),
    settings,
    postgres: settings.postgres,
  };
}
