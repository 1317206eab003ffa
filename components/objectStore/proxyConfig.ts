import { globalSection, proxyFolder, statusFrontend } from "../workload/haproxy.ts";

export interface ProxyConfigArgs {
  /** Host of each server. */
  readonly servers: readonly string[];
  readonly port: number;
  readonly maxConnections: number;
}

/**
 * Seconds for which a server that comes back must be well before clients are led to it. MinIO looks for drives of others that it has not yet
 * found every 15 s (erasure-sets.go, defaultMonitorConnectEndpointInterval); until it has, and its own are behind, it may take an older version
 * of an object for the newest: an object that was put anew under a deleted one's name was seen missing.
 */
const settling = 20;

/**
 * haproxy.cfg of the proxies before MinIO's servers; TLS passes through. A lost server is left after 3.5 s at most (a pause, a connect,
 * half a pause, a connect), and what was connected to it is ended, so that clients try again; a new connection meanwhile goes to the next after 1 s.
 */
export function proxyConfig({ servers, port, maxConnections }: ProxyConfigArgs): string {
  const lines = servers.map(
    (host, i) => `  server minio-${i} ${host}:${port} check check-ssl check-sni ${host} verifyhost ${host}`,
  );
  return `${globalSection(maxConnections)}

defaults
  mode tcp
  log global
  timeout connect 1s
  timeout check 3s
  timeout queue 5s
  # MinIO itself ends what is idle for 30 s; this is for downloads that nobody reads any more.
  timeout client 10m
  timeout server 10m
  retries 3
  option redispatch 1
  option clitcpka
  option srvtcpka

# A server that comes back has another address under the same name. The one that was known last is kept when the DNS fails.
resolvers cluster
  parse-resolv-conf
  accepted_payload_size 8192
  resolve_retries 3
  timeout resolve 1s
  timeout retry 1s
  hold valid 1s
  hold nx 1h
  hold timeout 1h
  hold refused 1h
  hold other 1h

${statusFrontend}

frontend s3
  bind :${port}
  maxconn ${maxConnections}
  default_backend servers

backend servers
  balance leastconn
  option httpchk
  # Without a host MinIO answers 400.
  http-check send meth GET uri /minio/health/ready ver HTTP/1.1 hdr Host localhost
  http-check expect status 200
  # It answers before it has found its drives, and says so in a header only.
  http-check expect ! hdr name "x-minio-server-status"
  default-server inter 1s fastinter 500ms downinter 1s fall 2 rise ${settling} on-marked-down shutdown-sessions ca-file ${proxyFolder}/ca.crt verify required resolvers cluster init-addr last,libc,none
${lines.join("\n")}
`;
}
