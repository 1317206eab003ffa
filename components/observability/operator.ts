import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { OperatorSettings } from "../../config/observability.ts";
import type { Settings } from "../../config/settings.ts";
import { areas } from "../network/areas.ts";
import type { Area } from "../network/namespaces.ts";
import { configurationFiles } from "../workload/configuration.ts";
import { nameLabel, workloadLabels } from "../workload/labels.ts";
import type { Dashboard } from "./dashboards/dashboard.ts";
import { grafanaJson } from "./dashboards/grafana.ts";
import { dashboards } from "./dashboards/index.ts";
import { recordingGroups, ruleGroups } from "./rules.ts";
import { targets, type Target } from "./targets.ts";

export interface OperatorMonitoringArgs {
  readonly settings: Settings;
  readonly operator: OperatorSettings;
  readonly namespaces: Readonly<Record<Area, pulumi.Input<string>>>;
  /** PEM of the stack's authority, which signed the certificates of what is scraped by TLS. */
  readonly authority: pulumi.Input<string>;
}

const workload = "observability";
const authorityKey = "ca.crt";

/** What an operator of Prometheus that the cluster has is told: whom to scrape (PodMonitors) and when to alert (PrometheusRule); pages for Grafana. */
export class OperatorMonitoring extends pulumi.ComponentResource {
  constructor(name: string, args: OperatorMonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:observability:OperatorMonitoring", name, { operator: args.operator }, opts);
    const { settings, namespaces, authority } = args;
    const table = targets(settings);
    const certified = new Set(table.filter((target) => target.serverName).map((target) => areas[target.workload]));
    for (const area of certified)
      configurationFiles(
        authorityName(area),
        { namespace: namespaces[area], workload, files: { [authorityKey]: authority } },
        { parent: this },
      );
    for (const target of table) this.podMonitor(target, args);
    this.rules(args);
    for (const dashboard of dashboards(settings)) this.dashboard(dashboard, args);
    this.registerOutputs({});
  }

  private podMonitor(target: Target, { namespaces, operator }: OperatorMonitoringArgs): void {
    const { workload: scraped, port, path, serverName, honorLabels } = target;
    const area = areas[scraped];
    const ca = { configMap: { name: authorityName(area), key: authorityKey } };
    new k8s.apiextensions.CustomResource(
      `pod-monitor-${scraped}`,
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PodMonitor",
        metadata: { name: scraped, namespace: namespaces[area], labels: labels(operator) },
        spec: {
          // Alerts and dashboards know pods by the workload's name in the label "job".
          jobLabel: nameLabel,
          selector: { matchLabels: { [nameLabel]: scraped } },
          podMetricsEndpoints: [
            {
              ...{ port, path, interval: `${operator.interval}s` },
              ...(honorLabels && { honorLabels }),
              ...(serverName !== undefined && { scheme: "https", tlsConfig: { serverName, ca } }),
            },
          ],
        },
      },
      { parent: this },
    );
  }

  private rules({ settings, operator, namespaces }: OperatorMonitoringArgs): void {
    new k8s.apiextensions.CustomResource(
      "alerts",
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: { name: "dify-ha", namespace: namespaces.data, labels: labels(operator) },
        spec: { groups: [...recordingGroups(settings), ...ruleGroups(settings)] },
      },
      { parent: this },
    );
  }

  /** For the sidecar of Grafana that charts install beside it: it takes what has its label. */
  private dashboard(dashboard: Dashboard, { settings, operator, namespaces }: OperatorMonitoringArgs): void {
    const name = `dashboard-${dashboard.name}`;
    new k8s.core.v1.ConfigMap(
      name,
      {
        metadata: {
          name,
          namespace: namespaces.data,
          labels: { ...workloadLabels(workload), ...operator.dashboardLabels },
        },
        data: {
          [`${settings.cluster.prefix}-${dashboard.name}.json`]: grafanaJson(dashboard, settings.cluster.prefix),
        },
      },
      { parent: this },
    );
  }
}

const authorityName = (area: Area) => `metrics-authority-${area}`;

const labels = (operator: OperatorSettings) => ({ ...workloadLabels(workload), ...operator.labels });
