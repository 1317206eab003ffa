import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DifySettings } from "../../config/dify.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { workloadLabels } from "../workload/labels.ts";
import { podService, serviceHost } from "../workload/service.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { difyAddresses, difyPorts } from "./addresses.ts";
import { script } from "./configuration.ts";
import { websocketReplicas } from "./databaseClients.ts";
import { difyImages } from "./images.ts";
import { nginxConfig } from "./nginxConfig.ts";
import { gatewayProbes } from "./probes.ts";
import { podsOf } from "./readyPods.ts";
import { drainFirst, runTermination } from "./termination.ts";
import { difyVersion } from "./versions.ts";

export interface GatewayArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: DifySettings;
  /** Name under which users reach Dify. */
  readonly host: string;
}

const folder = "/etc/dify-ha/gateway";
const certificates = "/etc/dify-ha/certificate";
const ports = { http: 8080, https: 8443 } as const;

/** The one way in: nginx before API, pages, websockets and endpoints of plugins, behind a load balancer or an Ingress. */
export class Gateway extends pulumi.ComponentResource {
  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:Gateway", name, {}, opts);
    const { exposure } = args.settings.gateway;
    const config = this.config(args);
    this.workload(args, config);
    const service = this.service(args);
    if (exposure.kind === "ingress") this.ingress(args, exposure, service);
    this.registerOutputs({ service: service.metadata.name });
  }

  private config({ cluster, namespace, settings }: GatewayArgs): k8s.core.v1.ConfigMap {
    const { tls, bodyMiB, trustedProxies } = settings.gateway;
    const { app } = namespaceNames(cluster);
    const pods = (workload: string, port: number) => `http://${serviceHost(podsOf(workload), app)}:${port}`;
    const rendered = nginxConfig({
      version: difyVersion(settings.version),
      upstreams: {
        api: pods("api", difyPorts.api),
        web: pods("web", difyPorts.web),
        "plugin-daemon": pods("plugin-daemon", difyPorts.pluginDaemon),
        ...(websocketReplicas(settings) > 0 && { websocket: difyAddresses(cluster).websocket }),
      },
      ports,
      certificates: tls.endedBy === "gateway" ? certificates : undefined,
      publicScheme: tls.endedBy === "loadBalancer" ? "https" : undefined,
      bodyMiB,
      trustedProxies,
      finishSeconds: runTermination(settings).finish,
    });
    return new k8s.core.v1.ConfigMap(
      "gateway",
      {
        metadata: { name: "gateway", namespace, labels: { ...workloadLabels("gateway") } },
        data: { "nginx.conf": rendered, "gateway.sh": script("gateway.sh") },
      },
      { parent: this },
    );
  }

  private workload({ cluster, namespace, settings }: GatewayArgs, config: k8s.core.v1.ConfigMap): void {
    const { tls, replicas, resources } = settings.gateway;
    const secret = tls.endedBy === "gateway" ? tls.secret : undefined;
    const termination = runTermination(settings);
    new StatelessWorkload(
      "gateway",
      {
        cluster,
        namespace,
        nodes: settings.nodes,
        replicas,
        // The image's account "nginx".
        runAs: { user: 101, group: 101 },
        containers: [
          {
            name: "gateway",
            image: difyImages(settings).gateway,
            resources,
            command: ["sh", `${folder}/gateway.sh`],
            ...(secret && { env: { CERTIFICATES: certificates } }),
            ports: Object.entries(ports).map(([port, containerPort]) => ({ name: port, containerPort })),
            mounts: {
              [folder]: { volume: "config", readOnly: true },
              ...(secret && { [certificates]: { volume: "certificate", readOnly: true } }),
            },
            writable: ["/tmp"],
            lifecycle: drainFirst(termination),
            ...gatewayProbes,
          },
        ],
        volumes: [
          { name: "config", configMap: { name: config.metadata.name } },
          ...(secret ? [{ name: "certificate", secret: { secretName: secret } }] : []),
        ],
        reads: [config],
        graceSeconds: termination.grace,
      },
      { parent: this },
    );
  }

  private service({ namespace, settings }: GatewayArgs): k8s.core.v1.Service {
    const { tls, exposure } = settings.gateway;
    const clear = { name: "http", port: 80, targetPort: ports.http };
    // Who ends TLS before the gateway is spoken to on 443 and hands on in clear.
    const encrypted = { name: "https", port: 443, targetPort: tls.endedBy === "gateway" ? ports.https : ports.http };
    return podService(
      "gateway",
      {
        namespace,
        ports,
        ...(exposure.kind === "loadBalancer" && { annotations: exposure.annotations }),
        spec: {
          ports: tls.endedBy === "nobody" || exposure.kind === "ingress" ? [clear] : [clear, encrypted],
          ...(exposure.kind === "loadBalancer" && {
            type: "LoadBalancer",
            // Keeps the client's address and saves a hop; nodes without a gateway fail the balancer's check.
            externalTrafficPolicy: "Local",
          }),
          ...(websocketReplicas(settings) > 1 && { sessionAffinity: "ClientIP" }),
        },
      },
      { parent: this },
    );
  }

  private ingress(
    { namespace, settings, host }: GatewayArgs,
    exposure: Extract<DifySettings["gateway"]["exposure"], { kind: "ingress" }>,
    service: k8s.core.v1.Service,
  ): void {
    const { tlsSecret, className, annotations } = exposure;
    const backend = { service: { name: service.metadata.name, port: { name: "http" } } };
    new k8s.networking.v1.Ingress(
      "gateway",
      {
        metadata: {
          name: "gateway",
          namespace,
          labels: { ...workloadLabels("gateway") },
          annotations: {
            // For ingress-nginx, whose defaults cut uploads at 1 MiB and streams at 60 s; others ignore them.
            "nginx.ingress.kubernetes.io/proxy-body-size": `${settings.gateway.bodyMiB}m`,
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
            "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
            "nginx.ingress.kubernetes.io/proxy-buffering": "off",
            ...annotations,
          },
        },
        spec: {
          ...(className && { ingressClassName: className }),
          rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
          ...(tlsSecret && { tls: [{ hosts: [host], secretName: tlsSecret }] }),
        },
      },
      { parent: this },
    );
  }
}
