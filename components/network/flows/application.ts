import { each, type Flow, type FlowSettings } from "./flow.ts";

const https = [80, 443] as const;

/** Dify's processes that speak to its database, store and cache. */
export const backend = ["api", "websocket", "worker", "beat", "migration"] as const;

/** Who talks to whom within Dify, and what of it leaves the cluster. */
export function applicationFlows(settings: FlowSettings): Flow[] {
  return [
    ...userFlows(),
    ...backendFlows(settings),
    ...pluginFlows(settings),
    ...codeFlows(settings),
    ...(settings.dify.agent.enabled ? agentFlows() : []),
    ...(settings.network.mesh === "istio" ? meshFlows(settings) : []),
  ];
}

function userFlows(): Flow[] {
  return [
    { from: "users", to: "gateway", ports: [8080, 8443], why: "the one way in" },
    { from: "gateway", to: "api", ports: [5001], why: "console, service API, files" },
    { from: "gateway", to: "websocket", ports: [5001], why: "collaboration" },
    { from: "gateway", to: "web", ports: [3000], why: "pages" },
    { from: "gateway", to: "plugin-daemon", ports: [5002], why: "endpoints of plugins, /e/" },
    { from: "web", to: "api", ports: [5001], why: "pages rendered on the server" },
  ];
}

function backendFlows({ network }: FlowSettings): Flow[] {
  const callers = ["api", "worker"] as const;
  return [
    ...each(callers, "internet", https, "marketplace, OAuth, imports from other services"),
    ...(network.egress.ports.length > 0
      ? each(callers, "anywhere", network.egress.ports, "mail and whatever else the settings name")
      : []),
  ];
}

function pluginFlows({ dify: { pluginDaemon } }: FlowSettings): Flow[] {
  const index = pluginDaemon.packageIndex ? new URL(pluginDaemon.packageIndex) : undefined;
  const indexPort = Number(index?.port) || (index?.protocol === "http:" ? 80 : 443);
  return [
    ...each(["api", "worker", "beat", "websocket"], "plugin-daemon", [5002], "models and tools are plugins"),
    {
      from: "plugin-daemon",
      to: "plugin-daemon",
      ports: [5002],
      why: "a call reaches the daemon that runs the plugin",
    },
    { from: "plugin-daemon", to: "api", ports: [5001], why: "plugins call back, and fetch files" },
    ...each(["api", "worker"], "api", [5001], "files by their internal address"),
    { from: "plugin-daemon", to: "internet", ports: https, why: "model providers, packages of plugins" },
    ...(index ? each(["plugin-daemon"], "anywhere", [indexPort], "the index of packages that the settings name") : []),
  ];
}

function codeFlows({ dify: { ssrfProxy } }: FlowSettings): Flow[] {
  const exceptions = ssrfProxy.allowAddresses.length + ssrfProxy.allowDomains.length > 0;
  return [
    ...each(["api", "worker"], "sandbox", [8194], "code of users runs there"),
    ...each(["api", "worker"], "ssrf-proxy", [3128], "requests to addresses that users choose"),
    { from: "sandbox", to: "ssrf-proxy", ports: [3128], why: "the only way out of the sandbox" },
    { from: "ssrf-proxy", to: "internet", ports: https, why: "public addresses only" },
    ...(exceptions ? each(["ssrf-proxy"], "anywhere", https, "private addresses that its own rules let through") : []),
  ];
}

function agentFlows(): Flow[] {
  return [
    ...each(["api", "worker"], "agent-backend", [5050], "runs of agents"),
    { from: "agent-backend", to: "api", ports: [5001], why: "calls back into Dify" },
    { from: "agent-backend", to: "plugin-daemon", ports: [5002], why: "models" },
    { from: "agent-backend", to: "agent-sandbox", ports: [5004], why: "an agent's shell" },
    { from: "ssrf-proxy", to: "agent-backend", ports: [5050], why: "tools offered to the shell: /agent-stub/ alone" },
    { from: "ssrf-proxy", to: "api", ports: [5001], why: "files for the shell: /files/ alone" },
    { from: "agent-sandbox", to: "ssrf-proxy", ports: [3128], why: "the only way out of the sandbox" },
  ];
}

/** Namespace of Istio's control plane, and the port at which proxies ask it for certificates and configuration. */
export const meshControl = { namespace: "istio-system", port: 15012 } as const;

function meshFlows({ dify }: FlowSettings): Flow[] {
  const services = ["gateway", "api", "worker", "beat", "web", "websocket", "plugin-daemon"] as const;
  const all = [...services, ...(dify.agent.enabled ? (["agent-backend"] as const) : [])];
  return each(all, "mesh", [meshControl.port], "certificates and configuration of the proxies");
}
