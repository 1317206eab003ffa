import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { toolchainFolder } from "../../../local/paths.ts";
import { runInDebian, startInDebian, type DebianProgram, type DebianResult, type RunningProgram } from "../debian.ts";

/** A real server on a port of the shared loopback. It ends when it is stopped, or with the test's process. */
export interface Server {
  readonly port: number;
  /** For output, signals (a crash: `signal("KILL")`) and a look at how it ended. */
  readonly program: RunningProgram;
  stop(): Promise<unknown>;
}

const taken = new Set<number>();

/**
 * A port of 127.0.0.1 where nobody listens. Not from the kernel's own range (from 32768 on): there an outgoing connection could
 * take it before the server does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (taken.has(port) || !(await canListen(port))) continue;
    taken.add(port);
    return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });
}

/** Starts a server and waits until it has printed what says that it serves. */
export async function startServer(program: DebianProgram, port: number, serving: RegExp): Promise<Server> {
  const running = startInDebian(program);
  try {
    await running.printed(serving);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return { port, program: running, stop: () => running.stop() };
}

/** Runs a client to its end and hands back what it printed. @throws with what it printed to standard error when it fails. */
export async function ask(client: Parameters<typeof runInDebian>[0]): Promise<string> {
  const result: DebianResult = await runInDebian(client);
  if (result.exitCode !== 0)
    throw new Error(`${client.argv.join(" ")}: ${result.stderr.trim() || result.stdout.trim()}`);
  return result.stdout.trimEnd();
}

/** Mounts a program of the toolchain that Debian does not have, or not as new. */
export function mountsOf(...programs: readonly string[]): Record<string, string> {
  const folder = join(toolchainFolder, "bin");
  const missing = programs.find((program) => !existsSync(join(folder, program)));
  if (missing) throw new Error(`${missing} is not built yet: run "make test" once, which builds it.`);
  return Object.fromEntries(programs.map((program) => [`/usr/local/bin/${program}`, join(folder, program)]));
}
