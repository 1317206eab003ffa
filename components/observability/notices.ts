import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { noticeSecrets, secretsOf } from "../../config/noticeSecrets.ts";
import { robotsOf, type NoticesSettings } from "../../config/notices.ts";
import { secretFiles } from "../workload/configuration.ts";
import { workloadLabels } from "../workload/labels.ts";
import { serviceHost } from "../workload/service.ts";
import { alertmanagerConfigSpec } from "./alertmanager/operator.ts";
import { forwarder, forwarderUrl, type ForwarderArgs } from "./forwarder.ts";

export type NoticesArgs = ForwarderArgs;

/** URL of the Alertmanager that an operator runs in a namespace, by the Service that it makes for it. */
export const operatedAlertmanager = (namespace: string): string =>
  `http://${serviceHost("alertmanager-operated", namespace)}:9093`;

const workload = "notices";

/** Secrets that Alertmanager reads, by name; those of robots are the forwarder's. */
export function alertmanagerSecrets(
  settings: NoticesSettings,
  credentials: NoticesArgs["credentials"],
): Record<string, pulumi.Output<string>> {
  const ofRobots = new Set(robotsOf(settings).flatMap(secretsOf));
  const own = noticeSecrets(settings).filter(({ name }) => !ofRobots.has(name));
  return Object.fromEntries(own.map(({ name }) => [name, credentials.notice(name)]));
}

/**
 * Who is told of alerts, for an Alertmanager of an operator that the cluster has: its configuration with its secrets, and a forwarder where
 * robots are among the receivers. Robots' secrets are the forwarder's alone.
 */
export class Notices extends pulumi.ComponentResource {
  constructor(name: string, args: NoticesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:observability:Notices", name, { settings: args.settings }, opts);
    const { cluster, namespace, settings, credentials } = args;
    const files = alertmanagerSecrets(settings, credentials);
    const secret = secretFiles("notices", { namespace, workload, files }, { parent: this });
    if (robotsOf(settings).length > 0) forwarder(args, { parent: this });
    new k8s.apiextensions.CustomResource(
      "notices",
      {
        apiVersion: "monitoring.coreos.com/v1alpha1",
        kind: "AlertmanagerConfig",
        metadata: { name: "notices", namespace, labels: { ...workloadLabels(workload) } },
        spec: alertmanagerConfigSpec(settings, {
          stack: cluster.prefix,
          secret: "notices",
          forwarder: forwarderUrl(cluster),
        }),
      },
      { parent: this, dependsOn: [secret] },
    );
    this.registerOutputs({});
  }
}
