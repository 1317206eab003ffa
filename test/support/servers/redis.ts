import type { DebianNetwork } from "../../../local/debian/run.ts";
import { ask, freePort, startServer, type Server } from "./server.ts";

export interface RedisOptions {
  /** Lines of redis.conf, after the port. */
  readonly config?: readonly string[];
  /** Other files that the configuration names. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of the default user, and what `cli` signs in with. The configuration says it itself if it must. @default none */
  readonly password?: string;
  /** A loopback of its own. @default the host's */
  readonly network?: DebianNetwork;
  /** @default one that is free */
  readonly port?: number;
}

export interface RedisServer extends Server {
  /** Runs one command of Redis and hands back the answer as redis-cli prints it. @throws when there is no answer. */
  cli(...command: string[]): Promise<string>;
}

/** A Redis server, empty, on 127.0.0.1. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const password = options.password === undefined ? [] : [`requirepass "${options.password}"`];
  return start("redis-server", options, password, /Ready to accept connections/);
}

/** A Sentinel; which master it watches is said in `config`. */
export async function startSentinel(options: RedisOptions): Promise<RedisServer> {
  return start("redis-sentinel", options, [], /Sentinel ID is/);
}

async function start(program: string, options: RedisOptions, lines: string[], serving: RegExp): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const { network = "host", password } = options;
  const config = [`port ${port}`, "bind 127.0.0.1", "dir /var/lib/redis", ...lines, ...(options.config ?? [])];
  const files = { ...options.files, "/etc/test/redis.conf": `${config.join("\n")}\n` };
  const argv: [string, ...string[]] = [program, "/etc/test/redis.conf"];
  const server = await startServer({ argv, files, user: "redis", network }, port, serving);
  const env = password === undefined ? {} : { REDISCLI_AUTH: password };
  return { ...server, cli: (...command) => ask({ argv: ["redis-cli", "-p", String(port), ...command], env, network }) };
}
