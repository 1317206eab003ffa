import { readFileSync } from "node:fs";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BundledSettings } from "../../../config/bundledMonitoring.ts";
import type { Settings } from "../../../config/settings.ts";
import { areas } from "../../network/areas.ts";
import type { Area } from "../../network/namespaces.ts";
import { accountWith, grantInCluster } from "../../workload/account.ts";
import { configurationFiles } from "../../workload/configuration.ts";
import type { ContainerArgs } from "../../workload/container.ts";
import { podService } from "../../workload/service.ts";
import { StatefulWorkload } from "../../workload/stateful.ts";
import { rulesFile } from "../rules.ts";
import { discoveredTargets, discoveryService } from "../scrapeConfig.ts";
import { names, ports, queryService } from "./layout.ts";
import { prometheusYaml } from "./prometheusConfig.ts";
import { prometheusVolume } from "./volume.ts";

export interface PrometheusArgs {
  readonly settings: Settings;
  readonly bundled: BundledSettings;
  readonly namespaces: Readonly<Record<Area, pulumi.Input<string>>>;
  /** PEM of the stack's authority, which signed the certificates of what is scraped by TLS. */
  readonly authority: pulumi.Input<string>;
}

const name = names.prometheus;
const port = ports.prometheus;
const folders = { config: "/etc/prometheus", data: "/prometheus", targets: "/targets", scripts: "/scripts" } as const;

/** Where the files are in the pod. */
export const places = {
  authorityFile: `${folders.config}/ca.crt`,
  rulesFile: `${folders.config}/rules.yml`,
  kubeletsFile: `${folders.targets}/kubelets.json`,
  account: "/var/run/secrets/kubernetes.io/serviceaccount",
} as const;

/** What a server is started with. */
export function prometheusArguments(bundled: BundledSettings): string[] {
  const { days } = bundled.prometheus.retention;
  return [
    `--config.file=${folders.config}/prometheus.yml`,
    `--storage.tsdb.path=${folders.data}`,
    `--storage.tsdb.retention.time=${days}d`,
    `--storage.tsdb.retention.size=${prometheusVolume(bundled).retentionSize}B`,
    `--web.listen-address=:${port}`,
  ];
}

const script = (path: string) => readFileSync(new URL(`../../../scripts/${path}`, import.meta.url), "utf8");

/**
 * Prometheus servers that do not know of each other: each scrapes everything and evaluates every alert, and what one has missed the other has.
 * Their figures are in no backup: they are a record of the past, without which everything runs.
 */
export class Prometheus extends pulumi.ComponentResource {
  constructor(args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:observability:Prometheus", name, { bundled: args.bundled }, opts);
    const { settings, bundled, namespaces, authority } = args;
    const { cluster } = settings;
    const namespace = namespaces.data;
    const child = { parent: this };
    this.discovery(args);
    const files = {
      "prometheus.yml": prometheusYaml(settings, bundled, places),
      "rules.yml": rulesFile(settings),
      "ca.crt": authority,
    };
    const config = configurationFiles(name, { namespace, workload: name, files }, child);
    const scripts = configurationFiles(
      `${name}-scripts`,
      {
        ...{ namespace, workload: name },
        files: {
          "kubelets.py": script("monitoring/kubelets.py"),
          "kubernetes_api.py": script("backup/kubernetes_api.py"),
        },
      },
      child,
    );
    const { replicas, user, storage } = bundled.prometheus;
    new StatefulWorkload(
      name,
      {
        ...{ cluster, namespace, replicas },
        ports: { http: port },
        runAs: { user, group: user },
        claims: { data: storage },
        backup: "rebuild",
        priority: "service",
        // It writes down what it has read last.
        graceSeconds: 120,
        serviceAccount: this.account(args),
        containers: [this.server(bundled), this.lookup(bundled)],
        volumes: [
          { name: "config", configMap: { name: config.metadata.name } },
          { name: "scripts", configMap: { name: scripts.metadata.name } },
          { name: "targets", emptyDir: {} },
        ],
        reads: [config, scripts],
      },
      child,
    );
    // Pages stay with one server: two know the same, but not to the second.
    podService(
      queryService,
      { namespace, workload: name, ports: { http: port }, spec: { sessionAffinity: "ClientIP" } },
      child,
    );
    this.registerOutputs({});
  }

  /** Headless Services, by which it finds the pods of workloads that have none. */
  private discovery({ settings, namespaces }: PrometheusArgs): k8s.core.v1.Service[] {
    return discoveredTargets(settings).map((target) => {
      const { workload, port: portName, number } = target;
      const namespace = namespaces[areas[workload]];
      const service = { namespace, workload, ports: { [portName]: number }, headless: true };
      return podService(discoveryService(target), service, { parent: this });
    });
  }

  /** Where nodes are, and what their kubelets measure. */
  private account({ settings, namespaces }: PrometheusArgs): pulumi.Output<string> {
    const holder = { namespace: namespaces.data, workload: name };
    const child = { parent: this };
    const rules = [
      { apiGroups: [""], resources: ["nodes"], verbs: ["list"] },
      { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
    ];
    return accountWith(holder, [grantInCluster(holder, { cluster: settings.cluster, rules }, child)], child);
  }

  private server(bundled: BundledSettings): ContainerArgs {
    const { image, resources } = bundled.prometheus;
    const asked = (path: string) => ({ httpGet: { path, port }, timeoutSeconds: 5 });
    return {
      name,
      image,
      resources,
      command: ["prometheus", ...prometheusArguments(bundled)],
      ports: [{ name: "http", containerPort: port }],
      mounts: {
        [folders.config]: { volume: "config", readOnly: true },
        [folders.data]: { volume: "data" },
        [folders.targets]: { volume: "targets", readOnly: true },
      },
      // After a crash it reads its log, which takes a minute for each gigabyte or so.
      startupProbe: { ...asked("/-/ready"), periodSeconds: 5, failureThreshold: 360 },
      livenessProbe: { ...asked("/-/healthy"), periodSeconds: 15, failureThreshold: 8 },
      readinessProbe: { ...asked("/-/ready"), periodSeconds: 5, failureThreshold: 3 },
    };
  }

  private lookup({ kubelets: { image, resources } }: BundledSettings): ContainerArgs {
    return {
      name: "kubelets",
      image,
      resources,
      command: ["python3", "-B", `${folders.scripts}/kubelets.py`],
      env: { TARGETS: places.kubeletsFile, EVERY: "30" },
      mounts: {
        [folders.scripts]: { volume: "scripts", readOnly: true },
        [folders.targets]: { volume: "targets" },
      },
    };
  }
}
