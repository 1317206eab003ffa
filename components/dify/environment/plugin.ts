import type { DifySettings } from "../../../config/dify.ts";
import { difyPorts, type DifyAddresses } from "../addresses.ts";
import { connectionLife } from "../../postgres/clientPath.ts";
import { difyVersion } from "../versions.ts";
import { authoritiesFolder } from "./authorities.ts";
import type { DifyConnections } from "./dify.ts";
import { combine, plain, type Environment } from "./environment.ts";
import type { DifyKeys } from "./keys.ts";
import { pluginRedisEnvironment } from "./redis.ts";
import { pluginStorageEnvironment } from "./storage.ts";

/** All that the plugin daemon writes: environments and work of plugins, rebuilt in each pod. Plugins themselves are in the object store. */
export const pluginFolder = "/app/storage";

export interface PluginEnvironmentArgs {
  readonly settings: DifySettings;
  readonly addresses: DifyAddresses;
  readonly connections: Omit<DifyConnections, "vectorStore">;
  readonly keys: Pick<DifyKeys, "pluginDaemon" | "pluginInner">;
}

/** Environment of the plugin daemon. */
export function pluginEnvironment({ settings, addresses, connections, keys }: PluginEnvironmentArgs): Environment {
  return combine(
    behaviour(settings, addresses, keys),
    database(settings, connections),
    pluginRedisEnvironment(connections.redis),
    pluginStorageEnvironment(connections.objectStore),
    // Go's directories of authorities, the system's among them.
    plain(connections.objectStore.caCertificate ? { SSL_CERT_DIR: `${authoritiesFolder}:/etc/ssl/certs` } : {}),
  );
}

function behaviour(
  { pluginDaemon, maxExecutionSeconds }: DifySettings,
  addresses: DifyAddresses,
  keys: PluginEnvironmentArgs["keys"],
): Environment {
  return {
    plain: {
      SERVER_PORT: `${difyPorts.pluginDaemon}`,
      DIFY_INNER_API_URL: addresses.api,
      PLUGIN_REMOTE_INSTALLING_HOST: "0.0.0.0",
      PLUGIN_REMOTE_INSTALLING_PORT: `${difyPorts.pluginDebug}`,
      PLUGIN_STORAGE_LOCAL_ROOT: pluginFolder,
      // On the node's own disk: environments of Python on a network volume take minutes to build.
      PLUGIN_WORKING_PATH: `${pluginFolder}/cwd`,
      PLUGIN_MAX_EXECUTION_TIMEOUT: `${maxExecutionSeconds}`,
      FORCE_VERIFYING_SIGNATURE: `${pluginDaemon.verifySignatures}`,
      PPROF_ENABLED: "false",
      HOME: `${pluginFolder}/home`,
      UV_CACHE_DIR: `${pluginFolder}/uv`,
      ...(pluginDaemon.packageIndex && { PIP_MIRROR_URL: pluginDaemon.packageIndex }),
    },
    secret: { SERVER_KEY: keys.pluginDaemon, DIFY_INNER_API_KEY: keys.pluginInner },
  };
}

function database(
  { version, pluginDaemon }: DifySettings,
  { postgres }: PluginEnvironmentArgs["connections"],
): Environment {
  const pooled = postgres.pooled && difyVersion(version).pluginDaemon.pooler;
  return {
    plain: {
      DB_TYPE: pooled ? "pgbouncer" : "postgresql",
      DB_HOST: postgres.host,
      DB_PORT: `${postgres.port}`,
      DB_USERNAME: postgres.plugin.user,
      DB_DATABASE: postgres.plugin.database,
      // Looked into only when its own database is missing, which it is not.
      DB_DEFAULT_DATABASE: postgres.plugin.database,
      // It knows "disable" and "require" alone.
      DB_SSL_MODE: "require",
      DB_CONN_MAX_LIFETIME: `${connectionLife}`,
      // Read by its driver (pgx), which has no limit of its own: the longest that a login may have to wait for a primary.
      PGCONNECT_TIMEOUT: "60",
      DB_MAX_OPEN_CONNS: `${pluginDaemon.database.size + pluginDaemon.database.overflow}`,
      DB_MAX_IDLE_CONNS: `${Math.min(10, pluginDaemon.database.size)}`,
    },
    secret: { DB_PASSWORD: postgres.plugin.password },
  };
}
