import type { BundledSettings } from "../../../config/bundledMonitoring.ts";
import { serviceHost } from "../../workload/service.ts";

/** Workloads of the stack's own monitoring. */
export const names = {
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  kubeStateMetrics: "kube-state-metrics",
  grafana: "grafana",
} as const;

/** Ports, each program's own. */
export const ports = {
  prometheus: 9090,
  alertmanager: 9093,
  /** Between Alertmanagers: what was sent, and silences. */
  gossip: 9094,
  kubeStateMetrics: 8080,
  /** Its own state, by which it says that it is ready. */
  telemetry: 8081,
  grafana: 3000,
  kubelet: 10250,
} as const;

/** One address for all ready Prometheus servers: their own Service is headless. */
export const queryService = `${names.prometheus}-query`;

/** Names of the Alertmanagers' pods in the DNS. */
export function alertmanagerMembers(
  { alertmanager }: Pick<BundledSettings, "alertmanager">,
  namespace: string,
): string[] {
  const domain = serviceHost(names.alertmanager, namespace);
  return Array.from({ length: alertmanager.replicas }, (_, i) => `${names.alertmanager}-${i}.${domain}`);
}

/** URL of the stack's own Alertmanager: of whichever pod is ready. */
export const ownAlertmanager = (namespace: string): string =>
  `http://${serviceHost(names.alertmanager, namespace)}:${ports.alertmanager}`;
