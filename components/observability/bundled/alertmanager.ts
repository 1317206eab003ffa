import * as pulumi from "@pulumi/pulumi";
import type { BundledSettings } from "../../../config/bundledMonitoring.ts";
import type { NoticeSecret } from "../../../config/noticeSecrets.ts";
import type { Settings } from "../../../config/settings.ts";
import type { CertificateAuthority } from "../../network/certificates.ts";
import { namespaceNames } from "../../network/namespaces.ts";
import { configurationFiles, secretFiles, secretMode } from "../../workload/configuration.ts";
import type { ContainerArgs } from "../../workload/container.ts";
import { serviceHost } from "../../workload/service.ts";
import { StatefulWorkload } from "../../workload/stateful.ts";
import { alertmanagerYaml } from "../alertmanager/config.ts";
import { forwarderUrl } from "../forwarder.ts";
import { alertmanagerSecrets } from "../notices.ts";
import { gossipYaml } from "./gossip.ts";
import { alertmanagerMembers, names, ports } from "./layout.ts";

export interface AlertmanagerArgs {
  readonly settings: Settings;
  readonly bundled: BundledSettings;
  readonly namespace: pulumi.Input<string>;
  readonly authority: CertificateAuthority;
  readonly credentials: { notice(name: NoticeSecret): pulumi.Output<string> };
}

const name = names.alertmanager;
const folders = {
  config: "/etc/alertmanager",
  secrets: "/secrets",
  certificates: "/certificates",
  data: "/alertmanager",
} as const;

/**
 * What a member is started with.
 * @param namespace Of the members.
 * @param address Of the member itself, for the others.
 */
export function alertmanagerArguments(bundled: BundledSettings, namespace: string, address: string): string[] {
  return [
    `--config.file=${folders.config}/alertmanager.yml`,
    `--storage.path=${folders.data}`,
    `--web.listen-address=:${ports.alertmanager}`,
    `--cluster.listen-address=0.0.0.0:${ports.gossip}`,
    `--cluster.advertise-address=${address}:${ports.gossip}`,
    `--cluster.tls-config=${folders.config}/gossip.yml`,
    ...alertmanagerMembers(bundled, namespace).map((member) => `--cluster.peer=${member}:${ports.gossip}`),
  ];
}

/**
 * Alertmanagers that tell each other what was sent, so that a notice arrives once, and comes from the other when one is lost. They take each other by
 * certificates of the stack: whoever could join might say that everything was sent.
 */
export class Alertmanager extends pulumi.ComponentResource {
  constructor(args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:observability:Alertmanager", name, { bundled: args.bundled }, opts);
    const { settings, bundled, namespace, authority } = args;
    const { cluster, notices } = settings;
    const { data } = namespaceNames(cluster);
    const child = { parent: this };
    const host = serviceHost(name, data);
    const certificate = authority.issue(name, { namespace, dnsNames: [host, `*.${host}`] }, child).secret;
    const files = {
      "alertmanager.yml": alertmanagerYaml(notices, { secrets: folders.secrets, forwarder: forwarderUrl(cluster) }),
      "gossip.yml": gossipYaml(folders.certificates, host),
    };
    const config = configurationFiles(name, { namespace, workload: name, files }, child);
    const secrets = secretFiles(
      name,
      { namespace, workload: name, files: alertmanagerSecrets(notices, args.credentials) },
      child,
    );
    const { replicas, user, storage } = bundled.alertmanager;
    const secret = (volume: string, from: typeof secrets) => ({
      name: volume,
      secret: { secretName: from.metadata.name, defaultMode: secretMode },
    });
    new StatefulWorkload(
      name,
      {
        ...{ cluster, namespace, replicas },
        ports: { http: ports.alertmanager, gossip: ports.gossip },
        runAs: { user, group: user },
        claims: { data: storage },
        backup: "rebuild",
        priority: "service",
        containers: [this.member(args)],
        volumes: [
          { name: "config", configMap: { name: config.metadata.name } },
          secret("secrets", secrets),
          secret("certificates", certificate),
        ],
        reads: [config, secrets, certificate],
      },
      child,
    );
    this.registerOutputs({});
  }

  private member({ settings, bundled }: AlertmanagerArgs): ContainerArgs {
    const { image, resources } = bundled.alertmanager;
    const { data } = namespaceNames(settings.cluster);
    const asked = (path: string) => ({ httpGet: { path, port: ports.alertmanager }, timeoutSeconds: 5 });
    return {
      name,
      image,
      resources,
      command: ["alertmanager", ...alertmanagerArguments(bundled, data, "$(POD_ADDRESS)")],
      env: { POD_ADDRESS: { field: "status.podIP" } },
      ports: [
        { name: "http", containerPort: ports.alertmanager },
        { name: "gossip", containerPort: ports.gossip },
      ],
      mounts: {
        [folders.config]: { volume: "config", readOnly: true },
        [folders.secrets]: { volume: "secrets", readOnly: true },
        [folders.certificates]: { volume: "certificates", readOnly: true },
        [folders.data]: { volume: "data" },
      },
      startupProbe: { ...asked("/-/ready"), periodSeconds: 2, failureThreshold: 60 },
      livenessProbe: { ...asked("/-/healthy"), periodSeconds: 15, failureThreshold: 8 },
      readinessProbe: { ...asked("/-/ready"), periodSeconds: 5, failureThreshold: 3 },
    };
  }
}
