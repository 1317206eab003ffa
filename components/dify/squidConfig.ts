import { privateRanges } from "../network/privateRanges.ts";
import type { DifyAddresses } from "./addresses.ts";

export interface SquidConfigArgs {
  readonly port: number;
  /** Private addresses or ranges that may be reached. */
  readonly allowAddresses: readonly string[];
  /** Domains that may be reached although their addresses are private. */
  readonly allowDomains: readonly string[];
  /** Of the parts that an agent's shell may call, at the paths which its tokens are for; undefined without agents. */
  readonly agent?: Pick<DifyAddresses, "api" | "agentBackend"> | undefined;
}

/**
 * Configuration of the proxy between the code and requests of users and the world: public addresses on the ports of the web, and
 * of the private ones only those that are named.
 */
export function squidConfig({ port, allowAddresses, allowDomains, agent }: SquidConfigArgs): string {
  return `# Rendered by components/dify/squidConfig.ts
http_port ${port}
pid_filename none
visible_hostname ssrf-proxy

acl private dst ${[...privateRanges.v4, ...privateRanges.v6].join(" ")}
acl web_ports port 80 443
acl tls_ports port 443
acl tunnel method CONNECT
${allowed(allowAddresses, allowDomains)}
# The proxy itself has no business with anyone but through requests.
http_access deny manager
${agent ? agentRules(agent) : ""}http_access deny tunnel !tls_ports
http_access deny !web_ports
${allowRules(allowAddresses, allowDomains)}http_access deny private
http_access allow all

# Nothing is kept: answers to one user's code are no other's.
cache deny all
cache_mem 8 MB
forwarded_for delete

connect_timeout 10 seconds
request_timeout 60 seconds
read_timeout 5 minutes
shutdown_lifetime 20 seconds
dns_timeout 10 seconds
client_request_buffer_max_size 100 MB
max_filedescriptors 16384
coredump_dir /tmp

logformat proxied %ts.%03tu %>a %Ss/%03>Hs %<st %rm %ru %<a
access_log stdio:/dev/stdout proxied
cache_log /dev/stderr
cache_store_log none
`;
}

function allowed(addresses: readonly string[], domains: readonly string[]): string {
  return [
    ...(addresses.length > 0 ? [`acl allowed_addresses dst ${addresses.join(" ")}`] : []),
    ...(domains.length > 0 ? [`acl allowed_domains dstdomain ${domains.join(" ")}`] : []),
  ].join("\n");
}

function allowRules(addresses: readonly string[], domains: readonly string[]): string {
  return [
    ...(addresses.length > 0 ? ["http_access allow allowed_addresses\n"] : []),
    ...(domains.length > 0 ? ["http_access allow allowed_domains\n"] : []),
  ].join("");
}

/** Signed files of the API and the tools of the back end; nothing else of theirs. */
function agentRules({ api, agentBackend }: NonNullable<SquidConfigArgs["agent"]>): string {
  const pattern = (url: string) => url.replaceAll(".", "\\.");
  return `acl agent_paths url_regex ^${pattern(api)}/files/ ^${pattern(agentBackend)}/agent-stub/
acl climbing url_regex -i (/|%2f)(\\.|%2e)(\\.|%2e)(/|%2f|$)
http_access allow agent_paths !climbing
`;
}
