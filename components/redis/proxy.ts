import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { RedisSentinelSettings } from "../../config/redis.ts";
import { workloadLabels } from "../workload/labels.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { proxyConfig, proxyStatusPort } from "./proxyConfig.ts";
import { failoverTiming } from "./timing.ts";

export interface RedisProxyArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: Pick<RedisSentinelSettings, "proxy" | "downAfter">;
  /** Host of each server's Service. */
  readonly members: readonly string[];
  /** Has the servers' password under the key "password". */
  readonly secret: k8s.core.v1.Secret;
}

/** Proxies with one address that always leads to the master, for clients that know no Sentinel: Dify's event bus is one. */
export class RedisProxy extends pulumi.ComponentResource {
  readonly workload: StatelessWorkload;

  constructor(name: string, args: RedisProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:redis:RedisProxy", name, { settings: args.settings }, opts);
    const config = this.configuration(name, args);
    this.workload = this.proxies(name, args, config);
    this.registerOutputs({ deployment: this.workload.deployment.metadata.name });
  }

  private configuration(name: string, { namespace, settings, members }: RedisProxyArgs): k8s.core.v1.ConfigMap {
    const rendered = proxyConfig({
      members,
      timing: failoverTiming(settings),
      maxConnections: settings.proxy.maxConnections,
    });
    return new k8s.core.v1.ConfigMap(
      `${name}-config`,
      {
        metadata: { name: `${name}-config`, namespace, labels: { ...workloadLabels(name) } },
        data: { "haproxy.cfg": rendered },
      },
      { parent: this },
    );
  }

  private proxies(name: string, args: RedisProxyArgs, config: k8s.core.v1.ConfigMap): StatelessWorkload {
    const { cluster, namespace, secret, settings } = args;
    const health = { httpGet: { path: "/healthz", port: proxyStatusPort }, timeoutSeconds: 3 };
    return new StatelessWorkload(
      name,
      {
        cluster,
        namespace,
        replicas: settings.proxy.replicas,
        ports: { redis: 6379, status: proxyStatusPort },
        runAs: { user: 99, group: 99 },
        priority: "data",
        graceSeconds: 40,
        containers: [
          {
            name: "haproxy",
            image: settings.proxy.image,
            command: ["haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"],
            env: { REDIS_PASSWORD: { secret: secret.metadata.name, key: "password" } },
            mounts: { "/etc/haproxy": { volume: "config", readOnly: true } },
            resources: settings.proxy.resources,
            ports: [
              { name: "redis", containerPort: 6379 },
              { name: "status", containerPort: proxyStatusPort },
            ],
            // New clients go elsewhere before the port closes; those connected get the rest of hard-stop-after.
            lifecycle: { preStop: { exec: { command: ["sleep", "8"] } } },
            startupProbe: { ...health, periodSeconds: 1, failureThreshold: 30 },
            livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 3 },
            readinessProbe: { ...health, periodSeconds: 3, failureThreshold: 2 },
          },
        ],
        volumes: [{ name: "config", configMap: { name: config.metadata.name } }],
        reads: [config, secret],
      },
      { parent: this },
    );
  }
}
