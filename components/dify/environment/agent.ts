import * as pulumi from "@pulumi/pulumi";
import type { RedisConnection } from "../../redis/connection.ts";
import type { DifyAddresses } from "../addresses.ts";
import type { AgentVersion } from "../versions.ts";
import type { Environment } from "./environment.ts";
import { unpaddedBase64Url, type DifyKeys } from "./keys.ts";
import { agentRedisUrl } from "./redis.ts";

export interface AgentEnvironmentArgs {
  readonly version: AgentVersion;
  readonly addresses: DifyAddresses;
  readonly redis: RedisConnection;
  readonly keys: DifyKeys & Required<Pick<DifyKeys, "agent">>;
  /** Time that it gives its runs when it is told to end, in seconds. */
  readonly finishSeconds: number;
}

/** Environment of the agent back end. */
export function agentEnvironment({
  version,
  addresses,
  redis,
  keys,
  finishSeconds,
}: AgentEnvironmentArgs): Environment {
  return {
    plain: {
      DIFY_AGENT_PLUGIN_DAEMON_URL: addresses.pluginDaemon,
      DIFY_AGENT_INNER_API_URL: addresses.api,
      DIFY_AGENT_STUB_API_BASE_URL: `${addresses.agentBackend}/agent-stub`,
      DIFY_AGENT_SHUTDOWN_GRACE_SECONDS: `${finishSeconds}`,
      [version.sandboxEndpoint]: addresses.agentSandbox,
      // Both came with the choice of back ends in 1.17.
      ...(version.sandboxEndpoint === "DIFY_AGENT_LOCAL_SANDBOX_ENDPOINT" && {
        DIFY_AGENT_RUNTIME_BACKEND: "local",
        DIFY_AGENT_SANDBOX_FILES_BASE_URL: addresses.api,
      }),
    },
    secret: {
      // The client knows no Sentinel.
      DIFY_AGENT_REDIS_URL: agentRedisUrl(redis),
      DIFY_AGENT_API_TOKEN: keys.agent.backend,
      DIFY_AGENT_PLUGIN_DAEMON_API_KEY: keys.pluginDaemon,
      DIFY_AGENT_INNER_API_KEY: keys.pluginInner,
      DIFY_AGENT_SERVER_SECRET_KEY: pulumi.output(keys.agent.server).apply(unpaddedBase64Url),
      [version.sandboxToken]: keys.agent.sandbox,
    },
  };
}

/** Environment of the agents' shell: everything that it fetches goes through the proxy. */
export function agentSandboxEnvironment({
  addresses,
  keys,
}: Pick<AgentEnvironmentArgs, "addresses" | "keys">): Environment {
  return {
    plain: { HTTP_PROXY: addresses.ssrfProxy, HTTPS_PROXY: addresses.ssrfProxy },
    secret: { SHELLCTL_AUTH_TOKEN: keys.agent.sandbox },
  };
}
