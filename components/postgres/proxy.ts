import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { hardStopSeconds, haproxyConfig } from "./haproxyConfig.ts";
import { membersOf, names, ports } from "./layout.ts";
import { configurationFiles } from "./scripts.ts";
import { failoverTiming } from "./timing.ts";

export interface PostgresProxyArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: PatroniSettings;
  /** PEM of the authority that signed the members' certificates. */
  readonly authority: pulumi.Input<string>;
  /** What must be there before the first pod starts. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

const folder = "/etc/haproxy";

/** Seconds in which Services forget a proxy that ends, before it takes no connections any more. */
const leaveSeconds = 5;

/** Proxies that lead to the primary (5000) and to the standbys (5001): they ask Patroni who is what. */
export class PostgresProxy extends pulumi.ComponentResource {
  readonly workload: StatelessWorkload;

  constructor(name: string, args: PostgresProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:PostgresProxy", name, { settings: args.settings.proxy }, opts);
    const { cluster, namespace, settings } = args;
    const { proxy } = settings;
    const child = { parent: this };
    const rendered = haproxyConfig({
      members: membersOf("members", settings.members, cluster),
      check: failoverTiming(settings).check,
      authorityFile: `${folder}/ca.crt`,
      maxConnections: settings.maxConnections,
    });
    const files = { "haproxy.cfg": rendered, "ca.crt": args.authority };
    const config = configurationFiles(`${names.proxy}-config`, { namespace, workload: names.proxy, files }, child);
    const health = { httpGet: { path: "/healthz", port: ports.proxy.health }, timeoutSeconds: 3 };
    this.workload = new StatelessWorkload(
      names.proxy,
      {
        cluster,
        namespace,
        replicas: proxy.replicas,
        ports: ports.proxy,
        priority: "data",
        runAs: { user: 99, group: 99 },
        graceSeconds: leaveSeconds + hardStopSeconds + 10,
        containers: [
          {
            name: "haproxy",
            image: proxy.image,
            command: ["haproxy", "-W", "-db", "-f", `${folder}/haproxy.cfg`],
            mounts: { [folder]: { volume: "config", readOnly: true } },
            resources: proxy.resources,
            ports: Object.entries(ports.proxy).map(([port, containerPort]) => ({ name: port, containerPort })),
            lifecycle: { preStop: { exec: { command: ["sleep", `${leaveSeconds}`] } } },
            startupProbe: { ...health, periodSeconds: 1, failureThreshold: 30 },
            livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 3 },
            // Whether there is a primary is no matter of readiness: no other proxy would know a better one.
            readinessProbe: { ...health, periodSeconds: 2, failureThreshold: 2 },
          },
        ],
        volumes: [{ name: "config", configMap: { name: config.metadata.name } }],
        reads: [config],
        after: [...(args.after ?? [])],
      },
      child,
    );
    this.registerOutputs({ deployment: this.workload.deployment.metadata.name });
  }
}
