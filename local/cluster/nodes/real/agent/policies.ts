import type { V1Namespace, V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import { statSync } from "node:fs";
import { rootfsFolder } from "../../../../debian/rootfs.ts";
import type { RealNode } from "../topology.ts";
import { log } from "./log.ts";
import type { NetworkPolicy } from "./networkPolicy.ts";
import { addressedPods } from "./pods.ts";
import { policyRules, policyTable, type GuardedNode } from "./policyRules.ts";
import { reconciler } from "./reconcile.ts";
import { Watched, type Api } from "./watch.ts";

/** A node whose network was made or made anew gets its rules after at most this time, in milliseconds. */
const lookAgain = 1000;

/** Holds the nodes' pods to the cluster's NetworkPolicies while this process runs. When it ends the rules stay as they are. */
export function enforcePolicies(api: Api, nodes: readonly RealNode[]): void {
  const names = new Set(nodes.map(({ name }) => name));
  const tables = new Map(nodes.map((node) => [node.name, new PolicyTable(node)]));

  const change = reconciler(async () => {
    const isComplete = [pods, namespaces, policies].every((watched) => watched.isComplete);
    const world = {
      // Pods of simulated nodes send nothing.
      pods: addressedPods(
        pods.list().filter(({ spec }) => names.has(spec?.nodeName ?? "")),
        new Map(),
      ),
      namespaces: new Map(namespaces.list().map(({ metadata }) => [metadata?.name ?? "", metadata?.labels ?? {}])),
    };
    for (const node of nodes) {
      const table = tables.get(node.name);
      if (isComplete) await table?.replace(policyRules(world, policies.list(), node));
      else await table?.closeIfOpen();
    }
  });
  const pods = new Watched<V1Pod>(api, "/api/v1/pods", change);
  const namespaces = new Watched<V1Namespace>(api, "/api/v1/namespaces", change);
  const policies = new Watched<NetworkPolicy>(api, "/apis/networking.k8s.io/v1/networkpolicies", change);
  setInterval(change, lookAgain);
  change();
}

/** The table of one node, which lives in the node's network namespace: it is there also while the node is off. */
class PolicyTable {
  readonly #node: RealNode;
  /** The namespace, as the kernel counts, and the rules that were last put there. */
  #applied = "";

  constructor(node: RealNode) {
    this.#node = node;
  }

  async replace(rules: string): Promise<void> {
    const namespace = statSync(this.#node.netns, { throwIfNoEntry: false })?.ino;
    const wanted = `${namespace} ${rules}`;
    if (namespace === undefined || this.#applied === wanted) return;
    const { failed, stderr } = await this.#nft(["--file", "-"], rules);
    if (failed) throw new Error(`${this.#node.name}: policies could not be applied: ${stderr}`);
    this.#applied = wanted;
    log(
      `${this.#node.name}: policies applied, ${rules.match(/^ {2}chain (in|e)gress/gm)?.length ?? 0} lists of what pods may do`,
    );
  }

  /** Until it is known who may do what, pods do nothing; unless rules of a former run are still in place. */
  async closeIfOpen(): Promise<void> {
    if (this.#applied !== "" || !statSync(this.#node.netns, { throwIfNoEntry: false })) return;
    if ((await this.#nft(["list", "table", "ip", policyTable])).failed) await this.replace(closed(this.#node));
  }

  /** With Debian's nft, since the host may have none. */
  #nft(args: readonly string[], input = "") {
    const command = [`--net=${this.#node.netns}`, "chroot", rootfsFolder, "nft", ...args];
    return execa("nsenter", command, { input, reject: false, timeout: 30_000 });
  }
}

const closed = (node: GuardedNode): string => policyRules({ pods: [], namespaces: new Map() }, [], node);
