import { poolerAccept, poolerCheck, proxyDrain, type ClientPath } from "./clientPath.ts";
import { ports } from "./layout.ts";
import type { CheckTiming } from "./timing.ts";

export interface HaproxyMember {
  readonly name: string;
  readonly host: string;
}

export interface HaproxyConfig {
  /** Domain of the members' hosts. */
  readonly domain: string;
  readonly members: readonly HaproxyMember[];
  /** Name that leads to each pooler's own address, and how many there can be: also those that end and those that come. */
  readonly poolers: { readonly host: string; readonly most: number };
  readonly check: CheckTiming;
  readonly path: ClientPath;
  /** File of the authority that signed the members' certificates. */
  readonly authorityFile: string;
  /** File of scripts/postgres/proxy.lua. */
  readonly script: string;
  /** Connections to each of the members' two ports. */
  readonly maxConnections: number;
  /** Connections of clients to the poolers. */
  readonly maxClients: number;
}

const ms = (seconds: number) => `${Math.round(seconds * 1000)}ms`;

/**
 * HAProxy on each node: 6432 leads clients to the poolers, 5000 leads poolers to the primary, 5001 leads to the standbys, 8404 answers
 * /healthz and /metrics. Who is primary and who standby says Patroni's REST API.
 */
export function haproxyConfig(config: HaproxyConfig): string {
  const { path, authorityFile, script, maxConnections, maxClients, domain } = config;
  return `global
    # Without each question to Patroni.
    log stdout format raw local0 notice
    # As many as the node has processors would each take memory.
    nbthread 2
    # Twice: a connection that had to wait a second time passes the proxy itself on its way.
    maxconn ${2 * (2 * maxConnections + maxClients) + 100}
    hard-stop-after ${proxyDrain}s
    lua-load ${script} ${path.patience} ${domain}
    httpclient.ssl.verify required
    httpclient.ssl.ca-file ${authorityFile}
    httpclient.retries 0
    httpclient.timeout.connect ${ms(poolerAccept)}

# Pods that come back have other addresses under the same names. No start waits for the DNS: see init-addr.
resolvers cluster
    parse-resolv-conf
    accepted_payload_size 8192
    resolve_retries 3
    timeout resolve 1s
    timeout retry 1s
    hold valid 1s
    # The address that was known last is kept when the DNS fails: the health check tells whether somebody is there.
    hold nx 1h
    hold timeout 1h
    hold refused 1h
    hold other 1h

defaults
    mode tcp
    log global
    option tcplog
    # Only what went wrong.
    option dontlog-normal
    option log-separate-errors
    # One that does not accept is left for the next, until the health check has found it out; then for "again".
    retries ${Math.ceil(config.check.hostLost / Math.min(poolerAccept, config.check.connectTimeout)) + 2}
    option redispatch 1
    timeout check ${ms(config.check.timeout)}
    timeout queue 10s
    # Poolers and clients keep connections open; one whose other side is gone is found by keep-alives.
    timeout client 24h
    timeout server 24h
    timeout tunnel 24h
    option clitcpka
    clitcpka-idle 5s
    clitcpka-intvl 1s
    clitcpka-cnt 3
    option srvtcpka
    srvtcpka-idle 5s
    srvtcpka-intvl 1s
    srvtcpka-cnt 3
${membersPart("primary", "/primary", "await_primary", config)}${membersPart("standbys", "/replica", "await_server", config)}${poolersPart(config)}
frontend health
    mode http
    bind :${ports.proxy.health}
    timeout client 10s
    monitor-uri /healthz
    http-request use-service prometheus-exporter if { path /metrics }
    http-request return status 404
`;
}

/** A port whose connections wait for somebody to take them. */
function frontend(
  name: "primary" | "standbys" | "poolers",
  port: number,
  most: number,
  wait: string,
  patience: number,
): string {
  return `
frontend ${name}
    bind :${port} tcp-ut 5s
    maxconn ${2 * most}
    # A little more than the action's own time, which ends it.
    tcp-request inspect-delay ${patience + 3}s
    tcp-request content lua.${wait} ${name}
    default_backend ${name}
`;
}

/** Takes a connection that found nobody in the moment between the wait and the try: it waits again, through the frontend. */
const again = (port: number) => `    server again 127.0.0.1:${port} backup`;

function membersPart(name: "primary" | "standbys", role: string, wait: string, config: HaproxyConfig): string {
  const { members, check, path, authorityFile, maxConnections } = config;
  const port = ports.proxy[name];
  const server = (member: HaproxyMember) =>
    `    server ${member.name} ${member.host}:${ports.member.postgres} check port ${ports.member.patroni} check-ssl check-sni ${member.host} verifyhost ${member.host}`;
  return `${frontend(name, port, maxConnections, wait, path.patience)}
backend ${name}
    ${name === "primary" ? "balance first\n    use-server %[var(txn.server)] if { var(txn.server) -m found }" : "balance leastconn"}
    timeout connect ${ms(check.connectTimeout)}
    option httpchk
    http-check send meth OPTIONS uri ${role} ver HTTP/1.1 hdr Host patroni
    http-check expect status 200
    # Connections to a member that lost its role are cut, so that nobody waits for a primary that is none.
    default-server inter ${ms(check.interval)} fastinter ${ms(check.fastInterval)} downinter ${ms(check.fastInterval)} fall ${check.failures} rise ${check.passes} on-marked-down shutdown-sessions ca-file ${authorityFile} verify required resolvers cluster init-addr none
${members.map(server).join("\n")}
${again(port)}
`;
}

/** A pooler is well when it refuses encryption by GSSAPI: a question that it answers without a word in its log. What happens to its connections when it is not: scripts/postgres/proxy.lua. */
function poolersPart({ poolers, path, maxClients }: HaproxyConfig): string {
  const port = ports.proxy.pooler;
  return `${frontend("poolers", port, maxClients, "await_server", path.patience)}
backend poolers
    balance leastconn
    timeout connect ${ms(poolerAccept)}
    timeout check ${ms(poolerCheck.timeout)}
    option tcp-check
    tcp-check connect
    tcp-check send-binary 0000000804d21630
    tcp-check expect binary 4e
    default-server inter ${ms(poolerCheck.interval)} fastinter ${ms(poolerCheck.fastInterval)} downinter ${ms(poolerCheck.fastInterval)} fall ${poolerCheck.failures} rise 1 resolvers cluster init-addr none
    server-template pooler- ${poolers.most} ${poolers.host}:${ports.pooler} check
${again(port)}
`;
}
