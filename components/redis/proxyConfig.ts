import type { RedisSentinelSettings } from "../../config/redis.ts";
import { globalSection, proxyFolder, statusFrontend } from "../workload/haproxy.ts";
import type { FailoverTiming } from "./timing.ts";

export interface ProxyConfigArgs {
  /** Host of each member's Service. */
  readonly members: readonly string[];
  readonly timing: FailoverTiming;
  readonly maxConnections: RedisSentinelSettings["proxy"]["maxConnections"];
}

const ms = (seconds: number) => `${Math.round(seconds * 1000)}ms`;

/**
 * haproxy.cfg of the proxy that follows the master. The password of the checks is HAProxy's variable REDIS_PASSWORD out of
 * its environment, await-master.lua lies beside it. A server counts only while it would accept a write: a master cut off from its replicas drops out before
 * Sentinels have replaced it.
 */
export function proxyConfig({ members, timing, maxConnections }: ProxyConfigArgs): string {
  const { interval, timeout, fall, rise, patience } = timing.proxy;
  const servers = members.map((host, i) => `  server redis-${i} ${host}:6379`);
  return `${globalSection(maxConnections)}
  lua-load ${proxyFolder}/await-master.lua ${patience}

defaults
  mode tcp
  log global
  timeout connect ${ms(timeout)}
  timeout check ${ms(timeout)}
  timeout queue ${ms(timeout)}
  # At each retry, or a connection that met the master's end was kept open without a server: clients that set no limit waited for ever.
  retries 3
  option redispatch 1
  # Clients block on lists and subscribe to channels for hours; TCP keep-alive finds the dead ones. A dead server is found by its checks.
  timeout client 24h
  timeout server 24h
  timeout tunnel 24h
  option clitcpka
  clitcpka-idle 30s
  clitcpka-intvl 5s
  clitcpka-cnt 3
  option srvtcpka

# The addresses are those of Services and do not change: a name server that is away must not take Redis away.
resolvers cluster
  parse-resolv-conf
  resolve_retries 3
  timeout resolve 1s
  timeout retry 1s
  hold valid 10s
  hold obsolete 24h
  hold nx 24h
  hold timeout 24h
  hold refused 24h
  hold other 24h

${statusFrontend}

frontend redis
  bind :6379
  maxconn ${maxConnections}
  # A little more than the action's own time, which ends it.
  tcp-request inspect-delay ${patience + 2}s
  tcp-request content lua.await_server master
  default_backend master

backend master
  # Should two servers ever call themselves master, all clients go to the same one.
  balance first
  option tcp-check
  tcp-check connect
  tcp-check send "AUTH \${REDIS_PASSWORD}\\r\\n"
  tcp-check expect string +OK
  tcp-check send "PING\\r\\n"
  tcp-check expect string +PONG
  # The server ends the connection after its answer: without that an answer that does not fit would be waited with until the check times out.
  tcp-check send "INFO replication\\r\\nQUIT\\r\\n"
  tcp-check expect rstring "role:master\\r\\nconnected_slaves:[0-9]+\\r\\nmin_slaves_good_slaves:[1-9]"
  default-server check inter ${ms(interval)} fall ${fall} rise ${rise} on-marked-down shutdown-sessions resolvers cluster init-addr last,libc,none
${servers.join("\n")}
`;
}
