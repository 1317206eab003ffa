import { execa } from "execa";
import { statSync } from "node:fs";
import { rootfsFolder } from "../../../../debian/rootfs.ts";
import { log } from "./log.ts";
import { policyRules, policyTable, type GuardedNode } from "./policyRules.ts";

/** A node as far as its packets are concerned. */
export interface NodeNetwork extends GuardedNode {
  /** File of its network namespace. */
  readonly netns: string;
}

/** Tells a network that was made anew from the one before, which had other rules; undefined while there is none. */
export const networkId = ({ netns }: NodeNetwork): number | undefined =>
  statSync(netns, { throwIfNoEntry: false })?.ino;

/** The table of one node, which lives in the node's network namespace: it is there also while the node is off. */
export class PolicyTable {
  readonly #node: NodeNetwork;
  /** The network and the rules that were last put there. */
  #applied = "";

  constructor(node: NodeNetwork) {
    this.#node = node;
  }

  async replace(rules: string): Promise<void> {
    const network = networkId(this.#node);
    const wanted = `${network} ${rules}`;
    if (network === undefined || this.#applied === wanted) return;
    const { failed, stderr } = await this.#nft(["--file", "-"], rules);
    if (failed) throw new Error(`${this.#node.name}: policies could not be applied: ${stderr}`);
    this.#applied = wanted;
    log(`${this.#node.name}: policies applied (${rules.match(/^ {2}chain (in|e)gress/gm)?.length ?? 0} chains)`);
  }

  /** Until it is known who may do what, pods do nothing; unless rules of a former run are still in place. */
  async closeIfOpen(): Promise<void> {
    if (this.#applied !== "" || networkId(this.#node) === undefined) return;
    if ((await this.#nft(["list", "table", "ip", policyTable])).failed) await this.replace(closed(this.#node));
  }

  /** With Debian's nft, since the host may have none. */
  #nft(args: readonly string[], input = "") {
    const command = [`--net=${this.#node.netns}`, "chroot", rootfsFolder, "nft", ...args];
    return execa("nsenter", command, { input, reject: false, timeout: 30_000 });
  }
}

const closed = (node: GuardedNode): string => policyRules({ pods: [], namespaces: new Map() }, [], node);
