import type { PostgresConnection } from "../../postgres/connection.ts";
import type { Environment } from "./environment.ts";

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
      DB_EXTRAS: authority ? `sslmode=verify-full&sslrootcert=${authority}` : "sslmode=require",
      // Without it a worker lost a task, which Celery reported as succeeded, to a connection that had died in the pool.
      SQLALCHEMY_POOL_PRE_PING: "true",
      SQLALCHEMY_POOL_RECYCLE: "3600",
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
