import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, RemoteInputs } from "./inputs.ts";
import type { Runner } from "./resource.ts";
import { ProgramError, run } from "./run.ts";

/** What ssh says when it could not connect: the command has not begun, so trying again does no harm. */
const NO_CONNECTION = /^(exit code 255: )?(ssh: (connect to host|Could not resolve)|kex_exchange_identification)/m;

/** Runs a command line on another machine, with the system's ssh. */
export const runRemotely: Runner<RemoteInputs> = async (
  command,
  { connection, stdin = "", environment },
  extra,
  request,
) => {
  const folder = await mkdtemp(path.join(tmpdir(), "remote-command-"));
  try {
    const args = [...(await sshArguments(connection, folder)), withEnvironment(command, { ...environment, ...extra })];
    const env = { ...process.env, ...(connection.agentSocketPath && { SSH_AUTH_SOCK: connection.agentSocketPath }) };
    for (let attempt = 1; ; attempt++)
      try {
        return await run({ file: "ssh", args, env, stdin, ...request });
      } catch (error) {
        const lost = error instanceof ProgramError && NO_CONNECTION.test(error.message);
        if (!lost || attempt > connection.dialErrorLimit || request.signal.aborted) throw error;
        await sleep(1000);
      }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

async function sshArguments(connection: Connection, folder: string): Promise<string[]> {
  const { host, port, user, privateKey, hostKey, perDialTimeout } = connection;
  const known = path.join(folder, "known_hosts");
  await writeFile(known, hostKey ? `[${host}]:${port} ${hostKey}\n${host} ${hostKey}\n` : "");
  const key = path.join(folder, "key");
  if (privateKey !== undefined) await writeFile(key, `${privateKey.trimEnd()}\n`, { mode: 0o600 });
  const options = {
    BatchMode: "yes",
    ConnectTimeout: String(perDialTimeout),
    LogLevel: "ERROR",
    UserKnownHostsFile: known,
    GlobalKnownHostsFile: "/dev/null",
    // As the vendor's: without a given key any host is believed.
    StrictHostKeyChecking: hostKey ? "yes" : "no",
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const identity = privateKey === undefined ? [] : ["-i", key, "-o", "IdentitiesOnly=yes"];
  return ["-F", "none", ...flags, ...identity, "-p", String(port), "-l", user, "--", host];
}

/** Sets variables in the command itself: an ssh server accepts none from outside by default. */
function withEnvironment(command: string, environment: Readonly<Record<string, string>>): string {
  const exports = Object.entries(environment).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`,
  );
  return exports.join("") + command;
}
