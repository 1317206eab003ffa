import { ports } from "./layout.ts";
import type { CheckTiming } from "./timing.ts";

/** How long connections go on after a proxy was told to stop. */
export const hardStopSeconds = 30;

export interface HaproxyMember {
  readonly name: string;
  readonly host: string;
}

export interface HaproxyConfig {
  readonly members: readonly HaproxyMember[];
  readonly check: CheckTiming;
  /** File of the authority that signed the members' certificates. */
  readonly authorityFile: string;
  /** Connections to each of the two ports. */
  readonly maxConnections: number;
}

const ms = (seconds: number) => `${Math.round(seconds * 1000)}ms`;

/**
 * HAProxy before the members: 5000 leads to the primary, 5001 to the standbys, 8404 answers /healthz and /metrics.
 * Who is what tells Patroni's REST API: it answers 200 to /primary only while it holds the lock.
 */
export function haproxyConfig({ members, check, authorityFile, maxConnections }: HaproxyConfig): string {
  const server = ({ name, host }: HaproxyMember) =>
    `    server ${name} ${host}:${ports.member.postgres} check port ${ports.member.patroni} check-ssl check-sni ${host} verifyhost ${host}`;
  const backend = (name: string, port: number, role: string, balance: string) => `
listen ${name}
    bind :${port} tcp-ut 5s
    balance ${balance}
    option httpchk
    http-check send meth OPTIONS uri ${role} ver HTTP/1.1 hdr Host patroni
    http-check expect status 200
${members.map(server).join("\n")}
`;
  return `global
    log stdout format raw local0 info
    maxconn ${2 * maxConnections + 100}
    hard-stop-after ${hardStopSeconds}s

# A member that comes back has another address under the same name.
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
    maxconn ${maxConnections}
    retries 2
    option redispatch
    timeout connect ${ms(check.timeout)}
    timeout check ${ms(check.timeout)}
    timeout queue 10s
    # The pooler keeps connections open; one whose other side is gone is found by keep-alives.
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
    # Connections to a member that lost its role are cut, so that nobody waits for a primary that is none.
    default-server inter ${ms(check.interval)} fastinter ${ms(check.fastInterval)} downinter ${ms(check.fastInterval)} fall ${check.failures} rise ${check.passes} on-marked-down shutdown-sessions tcp-ut 5s ca-file ${authorityFile} verify required resolvers cluster init-addr last,libc,none
${backend("primary", ports.proxy.primary, "/primary", "first")}${backend("standbys", ports.proxy.standbys, "/replica", "leastconn")}
frontend health
    mode http
    bind :${ports.proxy.health}
    timeout client 10s
    monitor-uri /healthz
    http-request use-service prometheus-exporter if { path /metrics }
    http-request return status 404
`;
}
