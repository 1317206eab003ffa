import { connectionLife } from "../../postgres/clientPath.ts";
import type { PostgresConnection } from "../../postgres/connection.ts";
import type { Environment } from "./environment.ts";

/**
 * A connection that is not acknowledged for 10 s is dead, and so is one whose other side says nothing for 11. libpq's own connect_timeout has
 * no effect under gevent. What happens behind the proxy of the client's node is the proxy's to find out, sooner.
 */
const liveness = "tcp_user_timeout=10000&keepalives=1&keepalives_idle=5&keepalives_interval=2&keepalives_count=3";

/** PostgreSQL as API, workers and scheduler see it. Pool sizes are those of one process and are set per service. */
export function databaseEnvironment(postgres: PostgresConnection, authority: string | undefined): Environment {
  return {
    plain: {
      DB_TYPE: "postgresql",
      DB_HOST: postgres.host,
      DB_PORT: `${postgres.port}`,
      DB_USERNAME: postgres.dify.user,
      DB_DATABASE: postgres.dify.database,
      // One authority signs every part of the stack: only the name tells PostgreSQL from the others.
      DB_EXTRAS: `${authority ? `sslmode=verify-full&sslrootcert=${authority}` : "sslmode=require"}&${liveness}`,
      // Without it a worker lost a task, which Celery reported as succeeded, to a connection that had died in the pool.
      SQLALCHEMY_POOL_PRE_PING: "true",
      SQLALCHEMY_POOL_RECYCLE: `${connectionLife}`,
    },
    secret: { DB_PASSWORD: postgres.dify.password },
  };
}

/** Sizes of the pool of one service. */
export function poolEnvironment({
  size,
  overflow,
}: {
  readonly size: number;
  readonly overflow: number;
}): Record<"SQLALCHEMY_POOL_SIZE" | "SQLALCHEMY_MAX_OVERFLOW", string> {
  return { SQLALCHEMY_POOL_SIZE: `${size}`, SQLALCHEMY_MAX_OVERFLOW: `${overflow}` };
}
