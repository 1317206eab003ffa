import type * as pulumi from "@pulumi/pulumi";
import type { Environment } from "./environment.ts";

/** Keys that parts of Dify share; each pair that must match comes from the same one. */
export interface DifyKeys {
  /** Signs sessions and file links, encrypts OAuth credentials. At least 32 characters. */
  readonly secretKey: pulumi.Input<string>;
  /** API to plugin daemon. */
  readonly pluginDaemon: pulumi.Input<string>;
  /** Plugin daemon, and agent back end, to API. */
  readonly pluginInner: pulumi.Input<string>;
  /** API to sandbox. */
  readonly sandbox: pulumi.Input<string>;
  /** Needed when agents are enabled. */
  readonly agent?: {
    /** API to agent back end. */
    readonly backend: pulumi.Input<string>;
    /** Agent back end to its sandbox. */
    readonly sandbox: pulumi.Input<string>;
    /** 32 bytes in base64, in either alphabet, padded or not. */
    readonly server: pulumi.Input<string>;
  };
}

/** The keys as API, workers and scheduler get them. */
export function keyEnvironment({ secretKey, pluginDaemon, pluginInner, sandbox, agent }: DifyKeys): Environment {
  return {
    plain: {},
    secret: {
      // Always given: each of several replicas would otherwise make one of its own at the first start.
      SECRET_KEY: secretKey,
      PLUGIN_DAEMON_KEY: pluginDaemon,
      INNER_API_KEY_FOR_PLUGIN: pluginInner,
      CODE_EXECUTION_API_KEY: sandbox,
      ...(agent && { AGENT_BACKEND_API_TOKEN: agent.backend }),
    },
  };
}

/** Base64 as the agent back end insists on it: URL-safe and without padding, or it refuses to start. */
export function unpaddedBase64Url(base64: string): string {
  const key = Buffer.from(base64, "base64url");
  if (key.length !== 32)
    throw new Error(`The agents' server key has ${key.length} bytes; it needs exactly 32, in base64.`);
  return key.toString("base64url");
}
