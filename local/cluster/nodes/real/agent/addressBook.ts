import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import { initPid, type RealNode } from "../topology.ts";

/** Both in the node's /run, so that they are forgotten with its power: the network plugin's (configuration.ts), and containerd's own. */
const given = "cni-addresses/pods";
const sandboxes = "containerd/io.containerd.runtime.v2.task/k8s.io";

/**
 * The addresses that a node has given to its pods, as its own files say. They are known a moment before a pod's programs start; the kubelet
 * tells the API up to 2 s later, and a name that is asked for meanwhile would be answered after 5 s, when the resolver asks again.
 */
export class AddressBook {
  readonly #node: RealNode;
  /** Uid of the pod by sandbox: it never changes. */
  readonly #pods = new Map<string, string>();

  constructor(node: RealNode) {
    this.#node = node;
  }

  /** Addresses by uid of the pod; none while the node is off. */
  read(): Map<string, string> {
    const run = `/proc/${initPid(this.#node)}/root/run`;
    const folder = join(run, given);
    const addresses = new Map<string, string>();
    if (!existsSync(folder)) return addresses;
    for (const address of readdirSync(folder).filter(isIPv4).sort()) {
      const uid = this.#podOf(join(folder, address), run);
      if (uid) addresses.set(uid, address);
    }
    return addresses;
  }

  /** Undefined for a sandbox that is only being made, or has just gone. */
  #podOf(file: string, run: string): string | undefined {
    try {
      // Its id, the name of its network device, each on a line.
      const [sandbox = ""] = readFileSync(file, "utf8").split(/\s/);
      const known = this.#pods.get(sandbox);
      if (known || sandbox === "") return known;
      const config = readFileSync(join(run, sandboxes, sandbox, "config.json"), "utf8");
      const { annotations } = JSON.parse(config) as { annotations?: Record<string, string> };
      const uid = annotations?.["io.kubernetes.cri.sandbox-uid"];
      if (uid) this.#pods.set(sandbox, uid);
      return uid;
    } catch {
      return undefined;
    }
  }
}
