import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { BundledSettings } from "../../../config/bundledMonitoring.ts";
import type { Settings } from "../../../config/settings.ts";
import { namespaceNames } from "../../network/namespaces.ts";
import { configurationFiles, secretFiles, secretMode } from "../../workload/configuration.ts";
import { serviceHost } from "../../workload/service.ts";
import { StatelessWorkload } from "../../workload/stateless.ts";
import { grafanaJson } from "../dashboards/grafana.ts";
import { dashboards } from "../dashboards/index.ts";
import { names, ports, queryService } from "./layout.ts";

export interface GrafanaArgs {
  readonly settings: Settings;
  readonly grafana: BundledSettings["grafana"];
  readonly namespace: pulumi.Input<string>;
  /** Of the account "admin". */
  readonly password: pulumi.Output<string>;
}

const name = names.grafana;
const folders = {
  datasources: "/etc/grafana/provisioning/datasources",
  providers: "/etc/grafana/provisioning/dashboards",
  dashboards: "/dashboards",
  secrets: "/secrets",
  data: "/var/lib/grafana",
} as const;

/** Account of its image. */
const user = 472;

/** Whom Grafana asks. */
export function datasourceYaml(namespace: string): string {
  const url = `http://${serviceHost(queryService, namespace)}:${ports.prometheus}`;
  const prometheus = { name: "Prometheus", uid: "prometheus", type: "prometheus", access: "proxy", url };
  return stringify({ apiVersion: 1, datasources: [{ ...prometheus, isDefault: true, editable: false }] });
}

/** Where Grafana finds its pages. */
function providerYaml(): string {
  const provider = { name: "dify-ha", type: "file", allowUiUpdates: false, options: { path: folders.dashboards } };
  return stringify({ apiVersion: 1, providers: [provider] });
}

/** One Grafana with the stack's pages. It keeps nothing: what is changed by hand is gone with the pod. */
export class Grafana extends pulumi.ComponentResource {
  constructor(args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:observability:Grafana", name, { grafana: args.grafana }, opts);
    const { settings, grafana, namespace, password } = args;
    const { cluster } = settings;
    const child = { parent: this };
    const common = { namespace, workload: name };
    const provisioning = configurationFiles(
      name,
      {
        ...common,
        files: { "datasources.yaml": datasourceYaml(namespaceNames(cluster).data), "providers.yaml": providerYaml() },
      },
      child,
    );
    const pages = configurationFiles(`${name}-dashboards`, { ...common, files: this.pages(settings) }, child);
    const secret = secretFiles(name, { ...common, files: { password } }, child);
    const health = { httpGet: { path: "/api/health", port: ports.grafana }, timeoutSeconds: 5 };
    new StatelessWorkload(
      name,
      {
        ...{ cluster, namespace },
        replicas: 1,
        strategy: "Recreate",
        ports: { http: ports.grafana },
        runAs: { user, group: user },
        containers: [
          {
            name,
            image: grafana.image,
            resources: grafana.resources,
            env: {
              GF_SECURITY_ADMIN_PASSWORD__FILE: `${folders.secrets}/password`,
              GF_USERS_ALLOW_SIGN_UP: "false",
              // It would look for newer versions, pictures of accounts and plugins on the internet, which it does not reach.
              GF_ANALYTICS_REPORTING_ENABLED: "false",
              GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
              GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
              GF_SECURITY_DISABLE_GRAVATAR: "true",
              GF_PLUGINS_PREINSTALL_DISABLED: "true",
              GF_NEWS_NEWS_FEED_ENABLED: "false",
              GF_LOG_MODE: "console",
            },
            ports: [{ name: "http", containerPort: ports.grafana }],
            mounts: {
              [folders.datasources]: { volume: "datasources", readOnly: true },
              [folders.providers]: { volume: "providers", readOnly: true },
              [folders.dashboards]: { volume: "dashboards", readOnly: true },
              [folders.secrets]: { volume: "secrets", readOnly: true },
            },
            writable: [folders.data, "/tmp"],
            startupProbe: { ...health, periodSeconds: 2, failureThreshold: 60 },
            livenessProbe: { ...health, periodSeconds: 15, failureThreshold: 4 },
            readinessProbe: { ...health, periodSeconds: 5, failureThreshold: 3 },
          },
        ],
        volumes: [
          ...(["datasources", "providers"] as const).map((part) => ({
            name: part,
            configMap: { name: provisioning.metadata.name, items: [{ key: `${part}.yaml`, path: `${part}.yaml` }] },
          })),
          { name: "dashboards", configMap: { name: pages.metadata.name } },
          { name: "secrets", secret: { secretName: secret.metadata.name, defaultMode: secretMode } },
        ],
        reads: [provisioning, pages, secret],
      },
      child,
    );
    this.registerOutputs({});
  }

  private pages(settings: Settings): Record<string, string> {
    const { prefix } = settings.cluster;
    const all = dashboards(settings).map((each) => [`${prefix}-${each.name}.json`, grafanaJson(each, prefix)] as const);
    return Object.fromEntries(all);
  }
}
