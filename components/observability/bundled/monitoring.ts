import * as pulumi from "@pulumi/pulumi";
import type { BundledSettings } from "../../../config/bundledMonitoring.ts";
import type { NoticeSecret } from "../../../config/noticeSecrets.ts";
import { robotsOf } from "../../../config/notices.ts";
import type { SecretName } from "../../../config/secrets.ts";
import type { Settings } from "../../../config/settings.ts";
import type { CertificateAuthority } from "../../network/certificates.ts";
import type { Area } from "../../network/namespaces.ts";
import { forwarder } from "../forwarder.ts";
import { Alertmanager } from "./alertmanager.ts";
import { Grafana } from "./grafana.ts";
import { KubeStateMetrics } from "./kubeStateMetrics.ts";
import { Prometheus } from "./prometheus.ts";

export interface BundledMonitoringArgs {
  readonly settings: Settings;
  readonly bundled: BundledSettings;
  readonly namespaces: Readonly<Record<Area, pulumi.Input<string>>>;
  readonly authority: CertificateAuthority;
  readonly credentials: {
    password(name: SecretName): pulumi.Output<string>;
    notice(name: NoticeSecret): pulumi.Output<string>;
  };
}

/** Monitoring of the stack's own, in its namespace for data: for clusters that have none. */
export class BundledMonitoring extends pulumi.ComponentResource {
  constructor(name: string, args: BundledMonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:observability:BundledMonitoring", name, { bundled: args.bundled }, opts);
    const { settings, bundled, namespaces, authority, credentials } = args;
    const { cluster, notices } = settings;
    const namespace = namespaces.data;
    const child = { parent: this };
    new KubeStateMetrics({ cluster, namespaces, settings: bundled.kubeStateMetrics }, child);
    new Alertmanager({ settings, bundled, namespace, authority, credentials }, child);
    new Prometheus({ settings, bundled, namespaces, authority: authority.certificate }, child);
    if (robotsOf(notices).length > 0) forwarder({ cluster, namespace, settings: notices, credentials }, child);
    if (bundled.grafana.enabled)
      new Grafana(
        { settings, grafana: bundled.grafana, namespace, password: credentials.password("grafanaPassword") },
        child,
      );
    this.registerOutputs({});
  }
}
