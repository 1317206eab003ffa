import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import { noticeSecrets, secretsOf, type NoticeSecret } from "../../config/noticeSecrets.ts";
import { robotsOf, type NoticesSettings } from "../../config/notices.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import { workloadLabels } from "../workload/labels.ts";
import { serviceHost } from "../workload/service.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { forwarderConfig } from "./alertmanager/config.ts";
import { alertmanagerConfigSpec } from "./alertmanager/operator.ts";

export interface NoticesArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: NoticesSettings;
  readonly credentials: { notice(name: NoticeSecret): pulumi.Output<string> };
}

/** Name of the forwarder's workload. */
export const forwarderName = "notice-forwarder";

/** Port on which the forwarder listens. */
export const forwarderPort = 8080;

/** URL of the Alertmanager that an operator runs in a namespace, by the Service that it makes for it. */
export const operatedAlertmanager = (namespace: string): string =>
  `http://${serviceHost("alertmanager-operated", namespace)}:9093`;

const workload = "notices";
const folders = { config: "/config", secrets: "/secrets" } as const;

/** Account that owns nothing. */
const user = 65532;

/** Readable for the pod's group alone. */
const secretMode = 0o440;

/**
 * Who is told of alerts, for an Alertmanager of an operator that the cluster has: its configuration with its secrets, and a forwarder where
 * robots are among the receivers. Robots' secrets are the forwarder's alone.
 */
export class Notices extends pulumi.ComponentResource {
  constructor(name: string, args: NoticesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:observability:Notices", name, { settings: args.settings }, opts);
    const { cluster, namespace, settings } = args;
    const robots = robotsOf(settings);
    const ofRobots = new Set(robots.flatMap(secretsOf));
    const ofAlertmanager = noticeSecrets(settings).filter(({ name: secret }) => !ofRobots.has(secret));
    const secret = secretFiles(
      "notices",
      {
        namespace,
        workload,
        files: this.values(
          ofAlertmanager.map(({ name: key }) => key),
          args,
        ),
      },
      { parent: this },
    );
    if (robots.length > 0) this.forwarder([...ofRobots], args);
    new k8s.apiextensions.CustomResource(
      "notices",
      {
        apiVersion: "monitoring.coreos.com/v1alpha1",
        kind: "AlertmanagerConfig",
        metadata: { name: "notices", namespace, labels: { ...workloadLabels(workload) } },
        spec: alertmanagerConfigSpec(settings, {
          stack: cluster.prefix,
          secret: "notices",
          forwarder: `http://${serviceHost(forwarderName, namespaceNames(cluster).data)}:${forwarderPort}`,
        }),
      },
      { parent: this, dependsOn: [secret] },
    );
    this.registerOutputs({});
  }

  private values(names: readonly NoticeSecret[], { credentials }: NoticesArgs): Record<string, pulumi.Output<string>> {
    return Object.fromEntries(names.map((name) => [name, credentials.notice(name)]));
  }

  private forwarder(secretNames: readonly NoticeSecret[], args: NoticesArgs): void {
    const { cluster, namespace, settings } = args;
    const { image, resources } = settings.forwarder;
    const files = { namespace, workload: forwarderName };
    const child = { parent: this };
    const script = readFileSync(new URL("../../scripts/notices/forward.py", import.meta.url), "utf8");
    const config = configurationFiles(
      forwarderName,
      { ...files, files: { "forward.py": script, "robots.json": forwarderConfig(settings) } },
      child,
    );
    const secrets = secretFiles(forwarderName, { ...files, files: this.values(secretNames, args) }, child);
    const health = { httpGet: { path: "/healthz", port: forwarderPort }, timeoutSeconds: 3 };
    new StatelessWorkload(
      forwarderName,
      {
        cluster,
        namespace,
        replicas: 2,
        ports: { http: forwarderPort },
        runAs: { user, group: user },
        containers: [
          {
            name: "forwarder",
            image,
            resources,
            command: ["python3", "-B", `${folders.config}/forward.py`],
            env: { ROBOTS: `${folders.config}/robots.json`, SECRETS: folders.secrets, PORT: `${forwarderPort}` },
            ports: [{ name: "http", containerPort: forwarderPort }],
            mounts: {
              [folders.config]: { volume: "config", readOnly: true },
              [folders.secrets]: { volume: "secrets", readOnly: true },
            },
            // It keeps serving until nobody sends to it any more.
            lifecycle: { preStop: { sleep: { seconds: 5 } } },
            startupProbe: { ...health, periodSeconds: 1, failureThreshold: 30 },
            livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 3 },
            readinessProbe: { ...health, periodSeconds: 5, failureThreshold: 2 },
          },
        ],
        volumes: [
          { name: "config", configMap: { name: config.metadata.name } },
          { name: "secrets", secret: { secretName: secrets.metadata.name, defaultMode: secretMode } },
        ],
        reads: [config, secrets],
      },
      child,
    );
  }
}
