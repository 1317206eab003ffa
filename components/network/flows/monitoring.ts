import { robotsOf } from "../../../config/notices.ts";
import { bundledFlows } from "../../observability/bundled/flows.ts";
import { targets } from "../../observability/targets.ts";
import type { Flow, FlowSettings } from "./flow.ts";

/** What is scraped, by the stack's own Prometheus and by one of the namespace that the settings name; and what the stack's own needs besides. */
export function monitoringFlows(settings: FlowSettings): Flow[] {
  const { observability, network } = settings;
  const scrapedBy = (from: "prometheus" | "monitoring"): Flow[] =>
    targets(settings).map(({ workload, number }) => ({ from, to: workload, ports: [number], why: "metrics" }));
  return [
    ...(robotsOf(settings.notices).length > 0 ? noticeFlows(settings) : []),
    ...(network.monitoringNamespace ? scrapedBy("monitoring") : []),
    ...(observability.backend === "bundled"
      ? [...scrapedBy("prometheus"), ...bundledFlows(observability, settings)]
      : []),
  ];
}

function noticeFlows({ observability }: FlowSettings): Flow[] {
  const from = observability.backend === "bundled" ? "alertmanager" : "monitoring";
  return [
    { from, to: "notice-forwarder", ports: [8080], why: "notices for robots of DingTalk and WeCom" },
    { from: "notice-forwarder", to: "internet", ports: [443], why: "the robots" },
  ];
}
