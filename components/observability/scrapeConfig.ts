import type { Settings } from "../../config/settings.ts";
import { areas } from "../network/areas.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { serviceHost } from "../workload/service.ts";
import { targets, type Target } from "./targets.ts";

export interface ScrapeArgs {
  /** Seconds between two looks at a pod. */
  readonly interval: number;
  /** Where Prometheus finds the certificate of the stack's authority. */
  readonly authorityFile: string;
}

/** An entry of scrape_configs in prometheus.yml. */
export type ScrapeConfig = Readonly<Record<string, unknown>>;

/**
 * What a Prometheus that reads files is told to scrape: the same pods as an operator finds by PodMonitors, with the same labels. It finds them in the DNS:
 * that takes no rights to the Kubernetes API, and Debian's Prometheus knows no other way.
 */
export function scrapeConfigs(settings: Settings, args: ScrapeArgs): ScrapeConfig[] {
  const namespaces = namespaceNames(settings.cluster);
  return targets(settings).map((target) => scrapeConfig(target, namespaces[areas[target.workload]], args));
}

function scrapeConfig(target: Target, namespace: string, { interval, authorityFile }: ScrapeArgs): ScrapeConfig {
  const { workload, port, path, serverName, honorLabels } = target;
  return {
    job_name: workload,
    scrape_interval: `${interval}s`,
    metrics_path: path,
    ...(honorLabels && { honor_labels: true }),
    ...(serverName !== undefined && {
      scheme: "https",
      tls_config: { ca_file: authorityFile, server_name: serverName },
    }),
    // Also names the port, which is that of the pods, as the Service is headless.
    dns_sd_configs: [{ names: [`_${port}._tcp.${serviceHost(discoveryService(target), namespace)}`], type: "SRV" }],
    relabel_configs: [
      { target_label: "namespace", replacement: namespace },
      // A member's name; of pods that have none in the DNS it is their address, with hyphens.
      { source_labels: ["__address__"], regex: String.raw`([^.]+)\..*`, target_label: "pod" },
    ],
  };
}

const stateful: readonly Target["workload"][] = [
  "etcd",
  "postgres",
  "minio",
  "prometheus",
  "alertmanager",
  "pushgateway",
];

/** The headless Service that leads to each pod: a StatefulSet's own, which knows members by name. For others whoever runs Prometheus declares one: {@link discoveredTargets}. */
export function discoveryService({ workload }: Pick<Target, "workload">): string {
  return stateful.includes(workload) ? workload : `${workload}-metrics`;
}

/** Targets that need such a Service for the purpose alone. */
export const discoveredTargets = (settings: Settings): Target[] =>
  targets(settings).filter(({ workload }) => !stateful.includes(workload));
