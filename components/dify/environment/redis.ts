import * as pulumi from "@pulumi/pulumi";
import type { RedisConnection } from "../../redis/connection.ts";
import type { DifyVersion } from "../versions.ts";
import { combine, plain, type Environment } from "./environment.ts";

/** Numbers of Redis' databases, as Dify's own composition has them. */
const databases = { cache: 0, broker: 1, agent: 2 } as const;

/** Seconds until an unanswered Sentinel is given up. Dify's own 0.1 s is too short between zones. */
const sentinelTimeout = "1";

type Sentinel = NonNullable<RedisConnection["sentinel"]>;

/** URL of a database through the address that follows the master. */
function masterUrl({ host, port, password, tls }: RedisConnection, database: number): pulumi.Output<string> {
  return pulumi.interpolate`${tls ? "rediss" : "redis"}://:${password}@${host}:${port}/${database}`;
}

/** Sentinel and TLS together do not work in Dify; the connection offers one or the other. */
function tlsVariables({ tls }: RedisConnection): Record<string, string> {
  return tls ? { REDIS_USE_SSL: "true", REDIS_SSL_CERT_REQS: "CERT_REQUIRED" } : {};
}

/** Redis as API, workers and scheduler see it: by Sentinel where the client speaks its protocol, else through the proxy. */
export function redisEnvironment(redis: RedisConnection, version: DifyVersion): Environment {
  return combine(cache(redis), broker(redis, version), eventBus(redis, version));
}

function cache(redis: RedisConnection): Environment {
  const { sentinel } = redis;
  return {
    plain: {
      // Also read in Sentinel mode, by what builds a URL of its own.
      REDIS_HOST: redis.host,
      REDIS_PORT: `${redis.port}`,
      REDIS_DB: `${databases.cache}`,
      ...tlsVariables(redis),
      REDIS_USE_SENTINEL: `${sentinel !== undefined}`,
      ...(sentinel && sentinelAddresses(sentinel)),
    },
    secret: {
      REDIS_PASSWORD: redis.password,
      ...(sentinel && { REDIS_SENTINEL_PASSWORD: sentinel.password }),
    },
  };
}

function sentinelAddresses({ addresses, masterName }: Sentinel): Record<string, string> {
  return {
    REDIS_SENTINELS: addresses.join(","),
    REDIS_SENTINEL_SERVICE_NAME: masterName,
    REDIS_SENTINEL_SOCKET_TIMEOUT: sentinelTimeout,
  };
}

function broker(redis: RedisConnection, version: DifyVersion): Environment {
  const { sentinel } = redis;
  if (!sentinel || !version.celerySentinelPassword)
    return {
      plain: { CELERY_BACKEND: "redis", CELERY_USE_SENTINEL: "false" },
      secret: {
        // With TLS Celery insists on being told how to check the certificate.
        CELERY_BROKER_URL: pulumi.interpolate`${masterUrl(redis, databases.broker)}${redis.tls ? "?ssl_cert_reqs=CERT_REQUIRED" : ""}`,
      },
    };
  const url = pulumi
    .output(redis.password)
    // Semicolons: a comma would become part of the first host's name.
    .apply((pw) => sentinel.addresses.map((address) => `sentinel://:${pw}@${address}/${databases.broker}`).join(";"));
  return {
    plain: {
      CELERY_BACKEND: "redis",
      CELERY_USE_SENTINEL: "true",
      CELERY_SENTINEL_MASTER_NAME: sentinel.masterName,
      CELERY_SENTINEL_SOCKET_TIMEOUT: sentinelTimeout,
    },
    secret: { CELERY_BROKER_URL: url, CELERY_SENTINEL_PASSWORD: sentinel.password },
  };
}

/** Runs stream back through it, by a client that ignores Sentinel (dify#32880): without it users see pings and no answers. */
function eventBus(redis: RedisConnection, version: DifyVersion): Environment {
  return version.eventBus
    ? { plain: {}, secret: { EVENT_BUS_REDIS_URL: masterUrl(redis, databases.cache) } }
    : plain({});
}

/** Redis as the plugin daemon sees it. */
export function pluginRedisEnvironment(redis: RedisConnection, version: DifyVersion): Environment {
  const sentinel = version.pluginDaemon.sentinel ? redis.sentinel : undefined;
  return {
    plain: {
      REDIS_HOST: redis.host,
      REDIS_PORT: `${redis.port}`,
      ...tlsVariables(redis),
      ...(version.pluginDaemon.sentinel && { REDIS_USE_SENTINEL: `${sentinel !== undefined}` }),
      ...(sentinel && sentinelAddresses(sentinel)),
    },
    secret: {
      REDIS_PASSWORD: redis.password,
      ...(sentinel && { REDIS_SENTINEL_PASSWORD: sentinel.password }),
    },
  };
}

/** Redis as the agent back end sees it. */
export function agentRedisUrl(redis: RedisConnection): pulumi.Output<string> {
  return masterUrl(redis, databases.agent);
}
