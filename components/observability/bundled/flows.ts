import type { BundledSettings } from "../../../config/bundledMonitoring.ts";
import { hasNotices } from "../../../config/notices.ts";
import type { Settings } from "../../../config/settings.ts";
import type { Flow } from "../../network/flows/flow.ts";
import { names, ports } from "./layout.ts";

/** Who talks to whom in the stack's own monitoring, besides the metrics that are scraped. */
export function bundledFlows(bundled: BundledSettings, settings: Pick<Settings, "network" | "notices">): Flow[] {
  const { prometheus, alertmanager, kubeStateMetrics, grafana } = names;
  const api = settings.network.kubernetesApi.ports;
  return [
    { from: prometheus, to: kubeStateMetrics, ports: [ports.kubeStateMetrics], why: "what Kubernetes knows" },
    { from: prometheus, to: "anywhere", ports: [ports.kubelet], why: "kubelets, which know how full volumes are" },
    { from: prometheus, to: "anywhere", ports: api, why: "the addresses of the kubelets" },
    { from: kubeStateMetrics, to: "anywhere", ports: api, why: "pods, jobs and nodes" },
    { from: alertmanager, to: alertmanager, ports: [ports.gossip], why: "what was sent, and silences" },
    ...receiverFlows(bundled, settings),
    ...(bundled.grafana.enabled
      ? [{ from: grafana, to: prometheus, ports: [ports.prometheus], why: "dashboards" } as const]
      : []),
  ];
}

/** Pagers, ticket systems and mail servers may stand anywhere; robots are the forwarder's. */
function receiverFlows({ alertmanager }: BundledSettings, { notices }: Pick<Settings, "notices">): Flow[] {
  if (!hasNotices(notices)) return [];
  const kinds = new Set(notices.receivers.map(({ kind }) => kind));
  const webhooks = kinds.has("pager") || kinds.has("ticket") || notices.heartbeat !== undefined;
  const mail = notices.receivers.flatMap((each) =>
    each.kind === "email" ? [Number(each.smarthost.split(":").at(-1))] : [],
  );
  return [
    ...(webhooks
      ? [{ from: names.alertmanager, to: "anywhere", ports: alertmanager.webhookPorts, why: "webhooks" } as const]
      : []),
    ...(mail.length > 0
      ? [{ from: names.alertmanager, to: "anywhere", ports: [...new Set(mail)], why: "mail servers" } as const]
      : []),
  ];
}
