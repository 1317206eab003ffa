import type { DifySettings } from "../../../config/dify.ts";
import type { DifyAddresses } from "../addresses.ts";
import type { DifyVersion } from "../versions.ts";
import { plain, type Environment } from "./environment.ts";

/** Where users reach Dify: scheme and host. */
export interface PublicUrl {
  readonly http: string;
  readonly websocket: string;
}

export function publicUrl(host: string, { gateway }: Pick<DifySettings, "gateway">): PublicUrl {
  const encrypted = gateway.tls.endedBy !== "nobody";
  return { http: `${encrypted ? "https" : "http"}://${host}`, websocket: `${encrypted ? "wss" : "ws"}://${host}` };
}

/** Addresses of Dify's parts, as users and as the parts themselves see them. */
export function urlEnvironment(url: PublicUrl, to: DifyAddresses, version: DifyVersion): Environment {
  return plain({
    CONSOLE_WEB_URL: url.http,
    CONSOLE_API_URL: url.http,
    SERVICE_API_URL: url.http,
    APP_API_URL: url.http,
    APP_WEB_URL: url.http,
    // Signed links; empty, they would be relative, which plugins refuse (dify#21937).
    FILES_URL: url.http,
    INTERNAL_FILES_URL: to.api,
    ENDPOINT_URL_TEMPLATE: `${url.http}/e/{hook_id}`,
    ...("/triggers" in version.routes && { TRIGGER_URL: url.http }),
    PLUGIN_DAEMON_URL: to.pluginDaemon,
    CODE_EXECUTION_ENDPOINT: to.sandbox,
    SSRF_PROXY_HTTP_URL: to.ssrfProxy,
    SSRF_PROXY_HTTPS_URL: to.ssrfProxy,
  });
}

/** Addresses as the pages need them. */
export function webEnvironment(url: PublicUrl, to: DifyAddresses, settings: DifySettings): Record<string, string> {
  return {
    CONSOLE_API_URL: url.http,
    APP_API_URL: url.http,
    SERVER_CONSOLE_API_URL: to.api,
    NEXT_PUBLIC_SOCKET_URL: url.websocket,
    NEXT_TELEMETRY_DISABLED: "1",
    // Images up to 1.3 run below PM2, which keeps its state there.
    PM2_HOME: "/tmp/pm2",
    ...(settings.agent.enabled && { NEXT_PUBLIC_ENABLE_AGENT_V2: "true" }),
  };
}
