import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import { PerNodeWorkload, sameNode } from "../workload/perNode.ts";
import { podService } from "../workload/service.ts";
import { configurationFiles } from "../workload/configuration.ts";
import { clientPath, proxyDrain } from "./clientPath.ts";
import { haproxyConfig } from "./haproxyConfig.ts";
import { hostOf, membersOf, names, poolerHost, poolersAtMost, ports } from "./layout.ts";
import { script } from "./scripts.ts";
import { connectionBudget, type DatabaseClient } from "./sizing.ts";
import { failoverTiming } from "./timing.ts";

export interface PostgresProxyArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: PatroniSettings;
  /** PEM of the authority that signed the members' certificates. */
  readonly authority: pulumi.Input<string>;
  /** Who connects to the poolers, and with how many connections. */
  readonly clients: readonly DatabaseClient[];
  /** What must be there before the first pod starts. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

const folders = { config: "/etc/haproxy", scripts: "/opt/dify-ha" } as const;

/** Seconds in which Services forget a proxy that ends, before it takes no connections any more. */
const leaveSeconds = 5;

/**
 * Proxies on every node, which lead its clients to the poolers (Service "pgbouncer") and its poolers to the primary (5000) or the standbys (5001).
 * What is in between on the way of a connection is then on the node of the one or the other; and no node's loss is met with silence.
 */
export class PostgresProxy extends pulumi.ComponentResource {
  readonly workload: PerNodeWorkload;

  constructor(name: string, args: PostgresProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:PostgresProxy", name, { settings: args.settings.proxy }, opts);
    const { cluster, namespace, settings } = args;
    const { proxy } = settings;
    const child = { parent: this };
    const common = { namespace, workload: names.proxy };
    const files = { "haproxy.cfg": rendered(args), "ca.crt": args.authority };
    const config = configurationFiles(`${names.proxy}-config`, { ...common, files }, child);
    const scriptNames = ["proxy.lua", "drain-proxy.sh"];
    const texts = Object.fromEntries(scriptNames.map((file) => [file, script(file)]));
    const scripts = configurationFiles(`${names.proxy}-scripts`, { ...common, files: texts }, child);
    const health = { httpGet: { path: "/healthz", port: ports.proxy.health }, timeoutSeconds: 3 };
    const { pooler, ...ownPorts } = ports.proxy;
    this.workload = new PerNodeWorkload(
      names.proxy,
      {
        cluster,
        namespace,
        ports: ownPorts,
        priority: "data",
        runAs: { user: 99, group: 99 },
        graceSeconds: leaveSeconds + proxyDrain + 10,
        containers: [
          {
            name: "haproxy",
            image: proxy.image,
            command: ["haproxy", "-W", "-db", "-f", `${folders.config}/haproxy.cfg`],
            env: { LEAVE_SECONDS: `${leaveSeconds}` },
            mounts: {
              [folders.config]: { volume: "config", readOnly: true },
              [folders.scripts]: { volume: "scripts", readOnly: true },
            },
            resources: proxy.resources,
            ports: Object.entries(ports.proxy).map(([port, containerPort]) => ({ name: port, containerPort })),
            lifecycle: { preStop: { exec: { command: ["sh", `${folders.scripts}/drain-proxy.sh`] } } },
            startupProbe: { ...health, periodSeconds: 1, failureThreshold: 30 },
            livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 3 },
            // Whether there is a primary is no matter of readiness: no other proxy would know a better one.
            readinessProbe: { ...health, periodSeconds: 2, failureThreshold: 2 },
          },
        ],
        volumes: [
          { name: "config", configMap: { name: config.metadata.name } },
          { name: "scripts", configMap: { name: scripts.metadata.name } },
        ],
        reads: [config, scripts],
        after: [...(args.after ?? [])],
      },
      child,
    );
    podService(names.pooler, { namespace, workload: names.proxy, ports: { postgres: pooler }, spec: sameNode }, child);
    this.registerOutputs({ daemonSet: this.workload.daemonSet.metadata.name });
  }
}

function rendered({ cluster, settings, clients }: PostgresProxyArgs): string {
  const timing = failoverTiming(settings);
  return haproxyConfig({
    domain: hostOf("members", cluster),
    members: membersOf("members", settings.members, cluster),
    poolers: { host: poolerHost(cluster), most: poolersAtMost(settings.pooler) },
    check: timing.check,
    path: clientPath(timing),
    authorityFile: `${folders.config}/ca.crt`,
    script: `${folders.scripts}/proxy.lua`,
    maxConnections: settings.maxConnections,
    maxClients: connectionBudget(settings, clients).clientsPerPooler,
  });
}
