import type { DifyVersion, Upstream } from "./versions.ts";

export interface NginxConfigArgs {
  /** Paths and who answers them. */
  readonly version: Pick<DifyVersion, "routes">;
  /** URL of each upstream, without a path. Websocket is left out where there is none. */
  readonly upstreams: Readonly<Record<Exclude<Upstream, "websocket">, string>> & Partial<Record<"websocket", string>>;
  readonly ports: { readonly http: number; readonly https: number };
  /** Folder with tls.crt and tls.key when the gateway ends TLS. */
  readonly certificates?: string | undefined;
  /** Scheme that users see, when somebody before the gateway ends TLS. @default that of the request */
  readonly publicScheme?: "https" | undefined;
  /** Largest request in MiB. */
  readonly bodyMiB: number;
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** How long requests may go on once nginx is told to end or reload, in seconds. */
  readonly finishSeconds: number;
}

/** Processes of nginx in a gateway, and connections that each may hold: a request has two, that of its client and that to whom it goes. */
export const gatewayProcesses = { number: 2, connections: 4096 } as const;

/** Longest silence of an upstream in seconds, as in Dify's own gateway: runs stream for long without a word. */
const silenceSeconds = 3600;

/**
 * Configuration of the gateway. Upstreams are variables: nginx then starts without them, asks for their addresses again and again,
 * and tries the next address when one does not answer.
 */
export function nginxConfig(args: NginxConfigArgs): string {
  const { ports, certificates, trustedProxies } = args;
  return `# Rendered by components/dify/nginxConfig.ts
worker_processes ${gatewayProcesses.number};
worker_shutdown_timeout ${args.finishSeconds}s;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events {
    worker_connections ${gatewayProcesses.connections};
}

http {
    # Written by gateway.sh.
    include /tmp/resolver.conf;
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;

    log_format json escape=json '{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method","path":"$uri",'
        '"status":$status,"seconds":$request_time,"bytes":$body_bytes_sent,"upstream":"$upstream_addr"}';
    access_log /dev/stdout json;
    server_tokens off;
    client_max_body_size ${args.bodyMiB}m;
    # Longer than what load balancers keep an idle connection for, so that it is never closed under a request of theirs.
    keepalive_timeout 650s;
${trustedProxies.map((proxy) => `    set_real_ip_from ${proxy};\n`).join("")}${trustedProxies.length > 0 ? "    real_ip_header X-Forwarded-For;\n    real_ip_recursive on;\n" : ""}
    map $http_upgrade $connection_upgrade {
        default upgrade;
        "" "";
    }

${certificates ? redirectServer(ports) + tlsServer(args, certificates) : plainServer(args)}}
`;
}

/** Only says where to go; health checks go on in clear. */
function redirectServer(ports: NginxConfigArgs["ports"]): string {
  return `    server {
        listen ${ports.http};
${health}
        location / {
            return 308 https://$host$request_uri;
        }
    }

`;
}

function tlsServer(args: NginxConfigArgs, certificates: string): string {
  return `    server {
        listen ${args.ports.https} ssl;
        http2 on;
        ssl_certificate ${certificates}/tls.crt;
        ssl_certificate_key ${certificates}/tls.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:tls:10m;
        add_header Strict-Transport-Security "max-age=31536000" always;
${serverBody(args)}    }
`;
}

function plainServer(args: NginxConfigArgs): string {
  return `    server {
        listen ${args.ports.http};
${serverBody(args)}    }
`;
}

const health = `
        location = /healthz {
            access_log off;
            default_type text/plain;
            return 200 "ok\\n";
        }
`;

function serverBody(args: NginxConfigArgs): string {
  const { version, upstreams, publicScheme } = args;
  const scheme = publicScheme ?? "$scheme";
  const locations = Object.entries(version.routes).flatMap(([prefix, upstream]) => {
    const url = upstreams[upstream];
    return url ? [location(prefix, url, extraHeaders(upstream, scheme))] : [];
  });
  return `
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_connect_timeout 2s;
        proxy_read_timeout ${silenceSeconds}s;
        proxy_send_timeout ${silenceSeconds}s;
        # A pod that does not take the connection is passed over; a request that was sent is repeated only where that is safe.
        proxy_next_upstream error timeout;
        proxy_next_upstream_timeout 10s;
${headers(scheme).join("\n")}
${health}
${[...locations, location("/", upstreams.web, [])].join("\n")}`;
}

function headers(scheme: string): string[] {
  return [
    "Host $host",
    "X-Real-IP $remote_addr",
    "X-Forwarded-For $proxy_add_x_forwarded_for",
    `X-Forwarded-Proto ${scheme}`,
    `X-Forwarded-Port ${scheme === "https" ? "443" : "$server_port"}`,
    "Connection $connection_upgrade",
    "Upgrade $http_upgrade",
  ].map((header) => `        proxy_set_header ${header};`);
}

/** The daemon finds the endpoint of a plugin by the address that the caller used. */
function extraHeaders(upstream: Upstream, scheme: string): string[] {
  return upstream === "plugin-daemon" ? [...headers(scheme), hookHeader(scheme)] : [];
}

function hookHeader(scheme: string): string {
  return `        proxy_set_header Dify-Hook-Url ${scheme}://$host$request_uri;`;
}

/** Headers of a location replace those of the server, so that a location with one of its own states all. */
function location(prefix: string, url: string, ownHeaders: readonly string[]): string {
  return `        location ${prefix} {
${ownHeaders.map((header) => `    ${header}\n`).join("")}            set $upstream ${url};
            proxy_pass $upstream;
        }
`;
}
