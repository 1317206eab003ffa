import type { ClusterSettings } from "../../config/cluster.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { serviceHost } from "../workload/service.ts";

/** Port of each workload's Service. */
export const difyPorts = {
  api: 5001,
  websocket: 5001,
  web: 3000,
  pluginDaemon: 5002,
  pluginDebug: 5003,
  agentBackend: 5050,
  sandbox: 8194,
  ssrfProxy: 3128,
  agentSandbox: 5004,
} as const;

/** URLs under which parts of Dify call each other, the same from every namespace. */
export type DifyAddresses = Readonly<
  Record<
    "api" | "websocket" | "web" | "pluginDaemon" | "agentBackend" | "sandbox" | "ssrfProxy" | "agentSandbox",
    string
  >
>;

export function difyAddresses(cluster: Pick<ClusterSettings, "prefix">): DifyAddresses {
  const { app, sandbox } = namespaceNames(cluster);
  const url = (name: string, namespace: string, port: number) => `http://${serviceHost(name, namespace)}:${port}`;
  return {
    api: url("api", app, difyPorts.api),
    websocket: url("websocket", app, difyPorts.websocket),
    web: url("web", app, difyPorts.web),
    pluginDaemon: url("plugin-daemon", app, difyPorts.pluginDaemon),
    agentBackend: url("agent-backend", app, difyPorts.agentBackend),
    sandbox: url("sandbox", sandbox, difyPorts.sandbox),
    ssrfProxy: url("ssrf-proxy", sandbox, difyPorts.ssrfProxy),
    agentSandbox: url("agent-sandbox", sandbox, difyPorts.agentSandbox),
  };
}
