import { stringify } from "yaml";
import type { BundledSettings } from "../../../config/bundledMonitoring.ts";
import type { Settings } from "../../../config/settings.ts";
import { namespaceNames } from "../../network/namespaces.ts";
import { serviceHost } from "../../workload/service.ts";
import { scrapeConfigs, type ScrapeConfig } from "../scrapeConfig.ts";
import { names, ports } from "./layout.ts";

/** Where Prometheus finds what it reads. */
export interface PrometheusPlaces {
  /** Certificate of the stack's authority. */
  readonly authorityFile: string;
  /** Alerts. */
  readonly rulesFile: string;
  /** Addresses of the kubelets, written by whoever asks the cluster for them (scripts/monitoring/kubelets.py). */
  readonly kubeletsFile: string;
  /** Folder of the pod's account: token and ca.crt. */
  readonly account: string;
}

/** prometheus.yml. Both servers have the same: each scrapes and alerts by itself, and their alerts are equal, so that Alertmanager sends one. */
export function prometheusYaml(settings: Settings, bundled: BundledSettings, places: PrometheusPlaces): string {
  const { interval, kubelets } = bundled;
  const { data } = namespaceNames(settings.cluster);
  const config = {
    global: { scrape_interval: `${interval}s`, evaluation_interval: `${interval}s` },
    rule_files: [places.rulesFile],
    alerting: {
      alertmanagers: [
        // Every member is told: they agree among themselves who sends.
        { dns_sd_configs: [{ names: [`_http._tcp.${serviceHost(names.alertmanager, data)}`], type: "SRV" }] },
      ],
    },
    scrape_configs: [
      ...scrapeConfigs(settings, { interval, authorityFile: places.authorityFile }),
      kubeStateMetricsScrape(data),
      kubeletScrape(kubelets.verify, places),
    ],
  };
  return stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** By one address for both replicas: alerts join its series by name, and two of each would be one too many. Labels namespace and pod are the objects'. */
function kubeStateMetricsScrape(namespace: string): ScrapeConfig {
  const target = `${serviceHost(names.kubeStateMetrics, namespace)}:${ports.kubeStateMetrics}`;
  return { job_name: names.kubeStateMetrics, static_configs: [{ targets: [target] }] };
}

/** Of a kubelet's many metrics those of volumes. Whoever answers in its place gets a token that reads metrics and no more, unless certificates are verified. */
function kubeletScrape(verify: boolean, { account, kubeletsFile }: PrometheusPlaces): ScrapeConfig {
  return {
    job_name: "kubelet",
    scheme: "https",
    authorization: { credentials_file: `${account}/token` },
    tls_config: verify ? { ca_file: `${account}/ca.crt` } : { insecure_skip_verify: true },
    file_sd_configs: [{ files: [kubeletsFile] }],
    metric_relabel_configs: [{ source_labels: ["__name__"], regex: "kubelet_volume_stats_.+", action: "keep" }],
  };
}
