import type { DebianNetwork } from "../../../local/debian/run.ts";
import type { Certificate } from "./certificates.ts";
import { ask, freePort, startServer, type Server } from "./server.ts";

export interface PostgresOptions {
  /** Lines of postgresql.conf, such as `{ max_connections: "20" }`. Durability is off unless asked for: data live in memory anyway. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Encrypted connections only, with this certificate. @default plain connections */
  readonly tls?: Certificate;
  /** A loopback of its own. @default the host's */
  readonly network?: DebianNetwork;
  /** @default one that is free */
  readonly port?: number;
}

export interface PostgresServer extends Server {
  /** libpq's variables for the superuser, for scripts under test. The authority lies at `authorityFile`. */
  readonly env: Readonly<Record<string, string>>;
  /** For clients' `files`; none without TLS. */
  readonly files: Readonly<Record<string, string>>;
  /** Runs SQL as the superuser, each statement on its own; rows come as lines, columns parted by "|". @throws what Postgres says. */
  sql(statements: string, database?: string): Promise<string>;
}

const authorityFile = "/etc/test/authority.crt";
const superuser = { name: "postgres", password: "only for this test" };

const script = `#!/bin/sh
set -eu
bin=/usr/lib/postgresql/17/bin
data=/var/lib/postgresql/data
$bin/initdb -D $data -U ${superuser.name} --pwfile=/etc/test/password --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
cat /etc/test/settings >>$data/postgresql.conf
echo "$ACCESS all all all scram-sha-256" >$data/pg_hba.conf
exec $bin/postgres -D $data
`;

/** PostgreSQL 17 with pgvector, empty, on 127.0.0.1. About 2 s. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const port = options.port ?? (await freePort());
  const { tls, network = "host" } = options;
  const certificates = { ssl: "on", ssl_cert_file: "/etc/test/server.crt", ssl_key_file: "/etc/test/server.key" };
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "/tmp",
    fsync: "off",
    ...(tls ? certificates : {}),
    ...options.settings,
  };
  const files = {
    "/etc/test/start": script,
    "/etc/test/password": superuser.password,
    "/etc/test/settings": Object.entries(settings)
      .map(([name, value]) => `${name} = '${value}'\n`)
      .join(""),
    ...(tls ? { "/etc/test/server.crt": tls.certificate, "/etc/test/server.key": tls.key } : {}),
  };
  const argv = ["/etc/test/start"] as const;
  const env = { ACCESS: tls ? "hostssl" : "host" };
  const serving = /database system is ready to accept connections/;
  const server = await startServer({ argv: [...argv], files, env, user: "postgres", network }, port, serving);

  const client = {
    env: {
      PGHOST: "127.0.0.1",
      PGPORT: String(port),
      PGUSER: superuser.name,
      PGPASSWORD: superuser.password,
      ...(tls ? { PGSSLMODE: "verify-full", PGSSLROOTCERT: authorityFile } : {}),
    },
    files: tls ? { [authorityFile]: tls.authority } : {},
  };
  return {
    ...server,
    ...client,
    sql: (statements, database = "postgres") =>
      ask({
        argv: ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database],
        stdin: statements,
        network,
        ...client,
      }),
  };
}
