import type { PatroniSettings } from "../../config/postgres.ts";
import { clientPath, connectionLife } from "./clientPath.ts";
import { databases, ports, roles, tlsFiles } from "./layout.ts";
import { administrative, connectionBudget, type DatabaseClient } from "./sizing.ts";
import { failoverTiming } from "./timing.ts";

export interface PgbouncerFiles {
  readonly settings: Pick<PatroniSettings, "pooler" | "maxConnections" | "timing" | "proxy">;
  readonly clients: readonly DatabaseClient[];
  /** Address that leads to the primary. */
  readonly primary: { readonly host: string; readonly port: number };
  /** Folder of ca.crt, tls.crt and tls.key. */
  readonly tls: string;
  /** File of the two roles that are not looked up. */
  readonly userList: string;
}

/** The function that tells PgBouncer how a role proves itself; made by scripts/postgres/bootstrap.sql. */
const lookup = "SELECT name, secret FROM pooler.lookup($1)";

/** PgBouncer's configuration: one pool a database, connections given out for single transactions. */
export function pgbouncerConfig({ settings, clients, primary, tls, userList }: PgbouncerFiles): string {
  const { pools, preparedStatements } = settings.pooler;
  const { authority, certificate, key } = tlsFiles(tls);
  const path = clientPath(failoverTiming(settings));
  // A pool is one of a database and a user: whoever logs in, the database's share is not exceeded.
  const pool = (database: string, size: number) =>
    `${database} = host=${primary.host} port=${primary.port} dbname=${database} pool_size=${size} max_db_connections=${size}`;
  return `[databases]
${pool(databases.dify, pools.dify)}
${pool(databases.plugin, pools.plugin)}
postgres = host=${primary.host} port=${primary.port} dbname=postgres pool_size=1 max_db_connections=${administrative}

[pgbouncer]
listen_addr = 0.0.0.0
listen_port = ${ports.pooler}
unix_socket_dir =
pool_mode = transaction
max_client_conn = ${connectionBudget(settings, clients).clientsPerPooler}
max_prepared_statements = ${preparedStatements}
; Clients set the time zone and float digits at start. ALTER DATABASE sets the zone, so that nothing is lost by ignoring it.
ignore_startup_parameters = extra_float_digits,options

auth_type = scram-sha-256
auth_file = ${userList}
auth_user = ${roles.pooler}
auth_query = ${lookup}
auth_dbname = postgres
admin_users = ${roles.poolerAdmin}

client_tls_sslmode = require
client_tls_ca_file = ${authority}
client_tls_cert_file = ${certificate}
client_tls_key_file = ${key}
server_tls_sslmode = verify-full
server_tls_ca_file = ${authority}

; Without a primary the proxy holds the connection that the pooler opens, and requests wait for it: see clientPath.ts. Had it failed, they
; would all fail at once; then each lets the pooler look for a primary again, at most five times a second.
query_wait_timeout = ${path.queryWait}
server_connect_timeout = ${path.poolerConnect}
server_login_retry = 0.2
server_idle_timeout = ${connectionLife}
server_lifetime = ${connectionLife}
server_check_delay = 5
tcp_keepalive = 1
tcp_keepidle = 5
tcp_keepintvl = 1
tcp_keepcnt = 3
tcp_user_timeout = 5000

log_connections = 0
log_disconnections = 0
stats_period = 60
`;
}

/** Names and passwords of the two roles that are not looked up. */
export function userList(passwords: { readonly pooler: string; readonly poolerAdmin: string }): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return (
    `${quoted(roles.pooler)} ${quoted(passwords.pooler)}\n` +
    `${quoted(roles.poolerAdmin)} ${quoted(passwords.poolerAdmin)}\n`
  );
}
