import type { DebianNetwork } from "../../../local/debian/run.ts";
import { startServer, type Server } from "./server.ts";

export interface ProxyOptions {
  /** The whole configuration file, as it is rendered. */
  readonly config: string;
  /** Other files that it names, and "/etc/hosts" for the names in it. */
  readonly files?: Readonly<Record<string, string>>;
  /** On which it listens by its configuration. */
  readonly port: number;
  /** @default the account of Debian's package */
  readonly user?: string;
  /** A loopback of its own, where the configuration's own ports are free. @default the host's */
  readonly network?: DebianNetwork;
}

/** PgBouncer with a configuration, serving. @throws what it says of a configuration that it refuses. */
export async function startPgbouncer(options: ProxyOptions): Promise<Server> {
  const path = "/etc/test/pgbouncer.ini";
  return start(["pgbouncer", path], path, { user: "postgres", ...options }, /process up: PgBouncer/);
}

/** HAProxy with a configuration, serving. @throws what it says of a configuration that it refuses. */
export async function startHaproxy(options: ProxyOptions): Promise<Server> {
  const path = "/etc/test/haproxy.cfg";
  return start(["haproxy", "-W", "-db", "-f", path], path, { user: "haproxy", ...options }, /Loading success/);
}

function start(argv: [string, ...string[]], path: string, options: ProxyOptions, serving: RegExp): Promise<Server> {
  const { config, files, port, user = "root", network = "host" } = options;
  return startServer({ argv, files: { ...files, [path]: config }, user, network }, port, serving);
}
