import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { Resources } from "../../config/units.ts";
import type { Configuration } from "./checksum.ts";
import type { EnvironmentValue } from "./container.ts";
import { workloadLabels } from "./labels.ts";
import { PerNodeWorkload } from "./perNode.ts";

/** Port of a proxy's health page (/healthz) and of its metrics for Prometheus (/metrics). */
export const proxyStatusPort = 8404;

/** Where a proxy finds its files. */
export const proxyFolder = "/etc/haproxy";

/** How long connections go on after a proxy was told to end: `hard-stop-after`. In seconds. */
export const proxyHardStop = 20;

/** Part of haproxy.cfg: answers for the kubelet and for Prometheus. */
export const statusFrontend = `frontend status
  mode http
  bind :${proxyStatusPort}
  timeout client 10s
  http-request use-service prometheus-exporter if { path /metrics }
  monitor-uri /healthz`;

/** Part of haproxy.cfg: what concerns the program itself. @param maxConnections of its clients */
export const globalSection = (maxConnections: number): string => `global
  log stdout format raw local0 notice
  maxconn ${maxConnections + 100}
  hard-stop-after ${proxyHardStop}s
  # As many as the node has processors would each take memory.
  nbthread 2`;

/** Seconds in which new clients go elsewhere before the port closes. */
const drain = 8;

/** Then no new connections, and an end with the last one. TERM, which comes after this, would cut them all. */
const leave = `sleep ${drain}; kill -USR1 1; while kill -0 1 2>/dev/null; do sleep 0.2; done`;

export interface NodeProxyArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly image: string;
  readonly resources: Resources;
  /** Files in `proxyFolder`, among them haproxy.cfg, which answers `/healthz` on `proxyStatusPort`. */
  readonly files: Readonly<Record<string, pulumi.Input<string>>>;
  /** Port that clients connect to, and its name. */
  readonly port: { readonly name: string; readonly number: number };
  readonly env?: Readonly<Record<string, EnvironmentValue>>;
  /** What else it reads: a change rolls the proxies. */
  readonly reads?: readonly Configuration[];
}

/** HAProxy on each node, with one Service of the same name. */
export function nodeProxy(name: string, args: NodeProxyArgs, opts: pulumi.ComponentResourceOptions): PerNodeWorkload {
  const { cluster, namespace, image, resources, port, files, reads = [] } = args;
  const config = new k8s.core.v1.ConfigMap(
    `${name}-config`,
    { metadata: { name: `${name}-config`, namespace, labels: { ...workloadLabels(name) } }, data: { ...files } },
    opts,
  );
  const health = { httpGet: { path: "/healthz", port: proxyStatusPort }, timeoutSeconds: 3 };
  return new PerNodeWorkload(
    name,
    {
      cluster,
      namespace,
      ports: { [port.name]: port.number, status: proxyStatusPort },
      runAs: { user: 99, group: 99 },
      priority: "data",
      graceSeconds: drain + proxyHardStop + 10,
      containers: [
        {
          name: "haproxy",
          image,
          command: ["haproxy", "-W", "-db", "-f", `${proxyFolder}/haproxy.cfg`],
          ...(args.env && { env: args.env }),
          mounts: { [proxyFolder]: { volume: "config", readOnly: true } },
          resources,
          ports: [
            { name: port.name, containerPort: port.number },
            { name: "status", containerPort: proxyStatusPort },
          ],
          lifecycle: { preStop: { exec: { command: ["/bin/sh", "-c", leave] } } },
          // Before its first check HAProxy takes every server for well.
          startupProbe: { ...health, initialDelaySeconds: 2, periodSeconds: 1, failureThreshold: 60 },
          livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 6 },
          readinessProbe: { ...health, periodSeconds: 3, failureThreshold: 2 },
        },
      ],
      volumes: [{ name: "config", configMap: { name: config.metadata.name } }],
      reads: [config, ...reads],
    },
    opts,
  );
}
