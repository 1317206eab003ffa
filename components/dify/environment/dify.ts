import type { ClusterSettings } from "../../../config/cluster.ts";
import type { DifySettings } from "../../../config/dify.ts";
import type { ObjectStoreConnection } from "../../objectStore/connection.ts";
import type { PostgresConnection } from "../../postgres/connection.ts";
import type { RedisConnection } from "../../redis/connection.ts";
import type { VectorStoreConnection } from "../../vectorStore/connection.ts";
import { difyAddresses, type DifyAddresses } from "../addresses.ts";
import { websocketReplicas } from "../databaseClients.ts";
import { difyVersion } from "../versions.ts";
import { authorities } from "./authorities.ts";
import { databaseEnvironment } from "./database.ts";
import { combine, plain, type Environment } from "./environment.ts";
import { keyEnvironment, type DifyKeys } from "./keys.ts";
import { redisEnvironment } from "./redis.ts";
import { storageEnvironment } from "./storage.ts";
import { publicUrl, urlEnvironment } from "./urls.ts";

/** What Dify needs of the other parts of the stack. */
export interface DifyConnections {
  readonly postgres: PostgresConnection;
  readonly redis: RedisConnection;
  readonly objectStore: ObjectStoreConnection;
  readonly vectorStore: VectorStoreConnection;
}

export interface DifyEnvironmentArgs {
  readonly cluster: Pick<ClusterSettings, "prefix">;
  readonly settings: DifySettings;
  /** Name under which users reach Dify. */
  readonly host: string;
  readonly connections: DifyConnections;
  readonly keys: DifyKeys;
}

/** What API, websocket, worker, scheduler and migration have in common: built here and nowhere else, each variable once. */
export function difyEnvironment({ cluster, settings, host, connections, keys }: DifyEnvironmentArgs): Environment {
  const version = difyVersion(settings.version);
  const to = difyAddresses(cluster);
  const authority = authorities(connections);
  return combine(
    behaviour(settings, to),
    urlEnvironment(publicUrl(host, settings), to, version),
    keyEnvironment(keys),
    databaseEnvironment(connections.postgres, authority.postgres),
    redisEnvironment(connections.redis, version),
    storageEnvironment(connections.objectStore, authority.objectStore),
    { plain: connections.vectorStore.environment, secret: connections.vectorStore.secrets },
    plain(settings.extraEnvironment),
  );
}

function behaviour(settings: DifySettings, to: DifyAddresses): Environment {
  return plain({
    DEPLOY_ENV: "PRODUCTION",
    LOG_LEVEL: settings.logLevel,
    // To standard output alone: the root file system is read-only.
    LOG_FILE: "",
    LOG_OUTPUT_FORMAT: "json",
    // Only the Job migrates: whoever loses the race for the lock would start on the old schema.
    MIGRATION_ENABLED: "false",
    APP_MAX_EXECUTION_TIME: `${settings.maxExecutionSeconds}`,
    WORKFLOW_MAX_EXECUTION_TIME: `${settings.maxExecutionSeconds}`,
    ...(websocketReplicas(settings) > 0 && { ENABLE_COLLABORATION_MODE: "true" }),
    ...(settings.agent.enabled && { AGENT_BACKEND_BASE_URL: to.agentBackend }),
  });
}
