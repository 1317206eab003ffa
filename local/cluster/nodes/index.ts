import type { Kubectl } from "../kubectl.ts";
import type { ClusterSettings } from "../layout.ts";
import type { Progress } from "../../failure.ts";
import { realNodes } from "./real/index.ts";
import { simulatedNodes } from "./simulated.ts";

/** What nodes need from the control plane, which is up when they start. */
export interface NodeContext {
  readonly dir: string;
  readonly settings: ClusterSettings;
  readonly kubectl: Kubectl;
  readonly onProgress: Progress;
}

/** One way in which nodes run. Pods choose between several by the nodes' label `dify-ha.local/nodes`. */
export interface NodeSet {
  /** Value of the nodes' label. */
  readonly name: string;
  /** The names under which its nodes appear in the cluster. */
  readonly nodes: readonly string[];
  /** Whether its processes run exactly as they would be started now. */
  isCurrent(context: NodeContext): Promise<boolean>;
  /** Starts what is not running and registers the nodes; what runs already stays untouched. Does not wait for readiness. */
  start(context: NodeContext): Promise<void>;
  /** Ends exactly what `start` began. The cluster may be gone already. */
  stop(dir: string): Promise<void>;
  /** Its processes: name, and pid of those that run. */
  status(dir: string): { readonly name: string; readonly pid?: number }[];
}

/** All nodes of a cluster. Simulated ones stand beside real ones for pods whose images cannot be had. */
export function nodeSetsOf({ nodes }: Pick<ClusterSettings, "nodes">): readonly NodeSet[] {
  return nodes === "real" ? [realNodes, simulatedNodes] : [simulatedNodes];
}
