import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { ExternalRedisSettings, RedisSentinelSettings, RedisSettings } from "../../config/redis.ts";
import type { SecretName } from "../../config/secrets.ts";

import { namespaceNames } from "../network/namespaces.ts";
import { serviceHost } from "../workload/service.ts";
import type { RedisBackupAccess, RedisConnection } from "./connection.ts";
import { RedisProxy } from "./proxy.ts";
import { RedisSentinel } from "./sentinel.ts";

const port = 6379;

export interface RedisArgs {
  readonly cluster: ClusterSettings;
  /** Namespace of the servers and proxies; used by the backend "sentinel". */
  readonly namespace: pulumi.Input<string>;
  readonly settings: RedisSettings;
  /** Letters and digits, for they become part of URLs: redisPassword, and sentinelPassword with the backend "sentinel". */
  readonly credentials: { password(name: SecretName): pulumi.Output<string> };
}

/**
 * Redis that survives the loss of a zone: servers of our own, or a server that somebody else keeps available.
 * @example const { connection } = new Redis("redis", { cluster, namespace, settings: settings.redis, credentials });
 */
export class Redis extends pulumi.ComponentResource {
  readonly connection: RedisConnection;
  /** Undefined for a server that is run elsewhere: so are its backups. */
  readonly backup: RedisBackupAccess | undefined;

  /** @param name Also the name of the servers' workload; the proxies are called `NAME-haproxy`. */
  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:redis:Redis", name, { settings: args.settings }, opts);
    const { settings } = args;
    if (settings.backend === "external") this.connection = external(settings, args);
    else ({ connection: this.connection, backup: this.backup } = this.withSentinels(name, settings, args));
    this.registerOutputs({ host: this.connection.host, port: this.connection.port });
  }

  private withSentinels(
    name: string,
    settings: RedisSentinelSettings,
    args: RedisArgs,
  ): { readonly connection: RedisConnection; readonly backup: RedisBackupAccess } {
    const { cluster, namespace, credentials } = args;
    const password = credentials.password("redisPassword");
    const sentinelPassword = credentials.password("sentinelPassword");
    const servers = new RedisSentinel(
      name,
      { cluster, namespace, settings, password, sentinelPassword },
      { parent: this },
    );
    const { secret, members } = servers;
    const proxy = new RedisProxy(
      `${name}-haproxy`,
      { cluster, namespace, settings, members, secret },
      { parent: this },
    );
    return {
      connection: {
        host: pulumi.output(serviceHost(`${name}-haproxy`, namespaceNames(cluster).data)),
        port,
        tls: false,
        password,
        ready: [...servers.ready, proxy.ready],
      },
      backup: { settings, members, port, secret, ready: servers.ready },
    };
  }
}

function external(settings: ExternalRedisSettings, { credentials }: RedisArgs): RedisConnection {
  return {
    host: pulumi.output(settings.host),
    port: settings.port,
    tls: settings.tls,
    password: credentials.password("redisPassword"),
    ready: [],
  };
}
