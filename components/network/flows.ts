import { applicationFlows } from "./flows/application.ts";
import { backupFlows } from "./flows/backup.ts";
import { dataFlows } from "./flows/data.ts";
import type { Flow, FlowSettings } from "./flows/flow.ts";
import { monitoringFlows } from "./flows/monitoring.ts";

/** The table of flows under the given settings: each line becomes an egress rule at its source and an ingress rule at its target. */
export function flows(settings: FlowSettings): readonly Flow[] {
  return [
    ...applicationFlows(settings),
    ...dataFlows(settings),
    ...backupFlows(settings),
    ...monitoringFlows(settings),
  ];
}
