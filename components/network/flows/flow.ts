import type { Settings } from "../../../config/settings.ts";
import type { WorkloadName } from "../areas.ts";

/** Who is no workload of ours. */
export type Outsider =
  /** Whoever reaches the load balancer. */
  | "users"
  /** Public addresses. */
  | "internet"
  /** Any address: servers that the settings name, which may be private. */
  | "anywhere"
  /** Prometheus, in the namespace that the settings name. */
  | "monitoring"
  /** The control plane of the mesh. */
  | "mesh";

/** Connections that may be opened, and what for. Everything else is refused. */
export interface Flow {
  readonly from: WorkloadName | Outsider;
  readonly to: WorkloadName | Outsider;
  /** TCP. */
  readonly ports: readonly number[];
  readonly udp?: readonly number[];
  readonly why: string;
}

/** Settings that decide who talks to whom. */
export type FlowSettings = Pick<
  Settings,
  | "cluster"
  | "network"
  | "postgres"
  | "redis"
  | "objectStore"
  | "offsite"
  | "backup"
  | "drills"
  | "notices"
  | "observability"
  | "vectorStore"
  | "dify"
>;

/** The same from each of several. */
export function each(from: readonly Flow["from"][], to: Flow["to"], ports: readonly number[], why: string): Flow[] {
  return from.map((source) => ({ from: source, to, ports, why }));
}
