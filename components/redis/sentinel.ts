import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { RedisSentinelSettings } from "../../config/redis.ts";
import { namespaceNames } from "../network/namespaces.ts";
import type { ContainerArgs } from "../workload/container.ts";
import { workloadLabels } from "../workload/labels.ts";
import { memberService, serviceHost } from "../workload/service.ts";
import { StatefulWorkload } from "../workload/stateful.ts";
import { sentinelConfig } from "./sentinelConfig.ts";
import { serverConfig } from "./serverConfig.ts";
import { failoverTiming, renewAfter } from "./timing.ts";

const ports = { redis: 6379, sentinel: 26379 } as const;
const scripts = [
  "common.sh",
  "start-server.sh",
  "start-sentinel.sh",
  "hand-over.sh",
  "ready.sh",
  "renew-links.sh",
] as const;

export interface RedisSentinelArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: RedisSentinelSettings;
  /** Of the servers. */
  readonly password: pulumi.Input<string>;
  /** Of the Sentinels. */
  readonly sentinelPassword: pulumi.Input<string>;
}

/** Hosts of the members' Services, in order. */
export function memberHosts(
  name: string,
  { cluster, settings }: Pick<RedisSentinelArgs, "cluster" | "settings">,
): string[] {
  const namespace = namespaceNames(cluster).data;
  return Array.from({ length: settings.members }, (_, i) => serviceHost(`${name}-${i}`, namespace));
}

/**
 * Redis servers with Sentinels in different zones, each behind a Service of its own whose address it announces: that address
 * outlives the pod, or a failover fails on a name that no longer resolves (redis#11241), and costs no look-up while a zone's
 * name servers are gone. No TLS: network policies keep others out.
 */
export class RedisSentinel extends pulumi.ComponentResource {
  /** Host of each member. */
  readonly members: readonly string[];
  /** Keys: password, sentinel-password. */
  readonly secret: k8s.core.v1.Secret;
  /** Clients depend on it. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: RedisSentinelArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:redis:RedisSentinel", name, { settings: args.settings }, opts);
    this.members = memberHosts(name, args);
    this.secret = this.passwords(name, args);
    const services = this.members.map((_, i) =>
      // A member that is still loading must already be reachable for the others.
      memberService(`${name}-${i}`, { namespace: args.namespace, workload: name, ports }, { parent: this }),
    );
    const workload = this.servers(name, args);
    this.ready = [workload.statefulSet, ...services];
    this.registerOutputs({ members: this.members });
  }

  private passwords(name: string, args: RedisSentinelArgs): k8s.core.v1.Secret {
    return new k8s.core.v1.Secret(
      name,
      {
        metadata: { name, namespace: args.namespace, labels: { ...workloadLabels(name) } },
        stringData: { password: args.password, "sentinel-password": args.sentinelPassword },
      },
      { parent: this },
    );
  }

  private configMap(workload: string, part: string, args: RedisSentinelArgs, data: Readonly<Record<string, string>>) {
    const name = `${workload}-${part}`;
    return new k8s.core.v1.ConfigMap(
      name,
      { metadata: { name, namespace: args.namespace, labels: { ...workloadLabels(workload) } }, data: { ...data } },
      { parent: this },
    );
  }

  private servers(name: string, args: RedisSentinelArgs): StatefulWorkload {
    const { cluster, settings, namespace } = args;
    const timing = failoverTiming(settings);
    const config = this.configMap(name, "config", args, {
      "redis.conf": serverConfig(settings),
      "sentinel.conf": sentinelConfig(timing),
    });
    const script = (file: string) => readFileSync(new URL(`../../scripts/redis/${file}`, import.meta.url), "utf8");
    const texts = Object.fromEntries(scripts.map((file) => [file, script(file)]));
    const scriptMap = this.configMap(name, "scripts", args, texts);
    return new StatefulWorkload(
      name,
      {
        cluster,
        namespace,
        replicas: settings.members,
        ports,
        runAs: { user: settings.user, group: settings.user },
        claims: { data: settings.storage },
        backup: "redis-rdb",
        // Handing over, then waiting for replicas and writing the last snapshot.
        graceSeconds: timing.handOver + 45,
        containers: [this.server(args), this.sentinel(args)],
        volumes: [
          { name: "config", configMap: { name: config.metadata.name } },
          { name: "scripts", configMap: { name: scriptMap.metadata.name } },
          { name: "passwords", secret: { secretName: this.secret.metadata.name, defaultMode: 0o440 } },
        ],
        reads: [config, scriptMap, this.secret],
      },
      { parent: this },
    );
  }

  private server({ settings }: RedisSentinelArgs): ContainerArgs {
    const timing = failoverTiming(settings);
    return {
      ...this.common(settings),
      name: "redis",
      command: ["/bin/sh", "/scripts/start-server.sh"],
      env: { ...this.environment(), YIELD_FOR: `${timing.yieldFor}`, HAND_OVER: `${timing.handOver}` },
      resources: settings.resources,
      ports: [{ name: "redis", containerPort: ports.redis }],
      writable: ["/run/redis", "/tmp"],
      lifecycle: { preStop: { exec: { command: ["/bin/sh", "/scripts/hand-over.sh"] } } },
      // A member waits here until a majority of the Sentinels is up.
      startupProbe: { ...listens(ports.redis), periodSeconds: 2, failureThreshold: 600 },
      livenessProbe: { ...listens(ports.redis), ...patience },
      readinessProbe: {
        exec: { command: ["/bin/sh", "/scripts/ready.sh"] },
        timeoutSeconds: 5,
        periodSeconds: 5,
        failureThreshold: 3,
      },
    };
  }

  private sentinel({ settings }: RedisSentinelArgs): ContainerArgs {
    return {
      ...this.common(settings),
      name: "sentinel",
      command: ["/bin/sh", "/scripts/start-sentinel.sh"],
      env: this.environment(),
      resources: settings.sentinelResources,
      ports: [{ name: "sentinel", containerPort: ports.sentinel }],
      writable: ["/tmp"],
      startupProbe: { ...listens(ports.sentinel), periodSeconds: 2, failureThreshold: 150 },
      livenessProbe: { ...listens(ports.sentinel), ...patience },
      readinessProbe: { ...listens(ports.sentinel), periodSeconds: 5, failureThreshold: 2 },
    };
  }

  private common(settings: RedisSentinelSettings) {
    return {
      image: settings.image,
      mounts: {
        "/data": { volume: "data" },
        "/config": { volume: "config", readOnly: true },
        "/secrets": { volume: "passwords", readOnly: true },
        "/scripts": { volume: "scripts", readOnly: true },
      },
    };
  }

  private environment() {
    return { MEMBERS: this.members.join(" "), RENEW_AFTER: `${renewAfter}` };
  }
}

/** A program in the container would be started for an answer by Redis itself, which a busy node did not do within 5 s: masters were restarted for it. */
function listens(port: number) {
  return { tcpSocket: { port }, timeoutSeconds: 3 };
}

/** Whoever does not answer is replaced by the Sentinels within seconds; a restart only helps what hangs for good, and harms what is slow. */
const patience = { periodSeconds: 10, failureThreshold: 9 } as const;
