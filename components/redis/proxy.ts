import { readFileSync } from "node:fs";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { RedisSentinelSettings } from "../../config/redis.ts";
import { nodeProxy } from "../workload/haproxy.ts";
import { proxyConfig } from "./proxyConfig.ts";
import { failoverTiming } from "./timing.ts";

const script = readFileSync(new URL("../../scripts/redis/await-master.lua", import.meta.url), "utf8");

export interface RedisProxyArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: Pick<RedisSentinelSettings, "proxy" | "downAfter">;
  /** Host of each server's Service. */
  readonly members: readonly string[];
  /** Has the servers' password under the key "password". */
  readonly secret: k8s.core.v1.Secret;
}

/** Proxies with one address that always leads to the master: clients need to know nothing of Sentinels. */
export class RedisProxy extends pulumi.ComponentResource {
  /** Clients depend on it. */
  readonly ready: pulumi.Resource;

  constructor(name: string, args: RedisProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:redis:RedisProxy", name, { settings: args.settings }, opts);
    const { cluster, namespace, settings, members, secret } = args;
    const { image, resources, maxConnections } = settings.proxy;
    const rendered = proxyConfig({ members, timing: failoverTiming(settings), maxConnections });
    this.ready = nodeProxy(
      name,
      {
        cluster,
        namespace,
        image,
        resources,
        files: { "haproxy.cfg": rendered, "await-master.lua": script },
        port: { name: "redis", number: 6379 },
        env: { REDIS_PASSWORD: { secret: secret.metadata.name, key: "password" } },
        reads: [secret],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
