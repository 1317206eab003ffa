import * as pulumi from "@pulumi/pulumi";
import type { RedisConnection } from "../../redis/connection.ts";
import type { DifyVersion } from "../versions.ts";
import { combine, plain, type Environment } from "./environment.ts";

/** Numbers of Redis' databases, as Dify's own composition has them. */
const databases = { cache: 0, broker: 1, agent: 2 } as const;

/** URL of a database. */
function databaseUrl({ host, port, password, tls }: RedisConnection, database: number): pulumi.Output<string> {
  return pulumi.interpolate`${tls ? "rediss" : "redis"}://:${password}@${host}:${port}/${database}`;
}

function tlsVariables({ tls }: RedisConnection): Record<string, string> {
  return tls ? { REDIS_USE_SSL: "true", REDIS_SSL_CERT_REQS: "CERT_REQUIRED" } : {};
}

/**
 * Redis as API, workers and scheduler see it: by the one address that follows the master. Dify could ask Sentinels itself, but Celery then
 * sets no time limit on the master: after the loss of its node workers waited for tasks for ever and calls hung for minutes, in silence.
 */
export function redisEnvironment(redis: RedisConnection, version: DifyVersion): Environment {
  return combine(cache(redis), broker(redis), eventBus(redis, version));
}

function cache(redis: RedisConnection): Environment {
  return {
    plain: {
      REDIS_HOST: redis.host,
      REDIS_PORT: `${redis.port}`,
      REDIS_DB: `${databases.cache}`,
      ...tlsVariables(redis),
      REDIS_USE_SENTINEL: "false",
    },
    secret: { REDIS_PASSWORD: redis.password },
  };
}

function broker(redis: RedisConnection): Environment {
  // With TLS Celery insists on being told how to check the certificate.
  const query = redis.tls ? "?ssl_cert_reqs=CERT_REQUIRED" : "";
  return {
    plain: { CELERY_BACKEND: "redis", CELERY_USE_SENTINEL: "false" },
    secret: { CELERY_BROKER_URL: pulumi.interpolate`${databaseUrl(redis, databases.broker)}${query}` },
  };
}

/** Runs stream back through it. */
function eventBus(redis: RedisConnection, version: DifyVersion): Environment {
  return version.eventBus
    ? { plain: {}, secret: { EVENT_BUS_REDIS_URL: databaseUrl(redis, databases.cache) } }
    : plain({});
}

/** Redis as the plugin daemon sees it. */
export function pluginRedisEnvironment(redis: RedisConnection): Environment {
  return {
    plain: { REDIS_HOST: redis.host, REDIS_PORT: `${redis.port}`, ...tlsVariables(redis) },
    secret: { REDIS_PASSWORD: redis.password },
  };
}

/** Redis as the agent back end sees it. */
export function agentRedisUrl(redis: RedisConnection): pulumi.Output<string> {
  return databaseUrl(redis, databases.agent);
}
