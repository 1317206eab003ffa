import { readFileSync } from "node:fs";
import { get } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../failure.ts";
import { logFile, runningProcess, stoppedEarly, type ServerProcess } from "./supervise.ts";

/** A page of 127.0.0.1 that answers 200 when all is well. */
export interface HealthPage {
  readonly port: number;
  readonly path: string;
  /** File of the authority that signed the server's certificate. */
  readonly authority: string;
  /** Files of a client's certificate and key, for servers that talk to no stranger. */
  readonly client?: { readonly certificate: string; readonly key: string };
}

export async function isHealthy({ port, path, authority, client }: HealthPage): Promise<boolean> {
  const identity = client && { cert: readFileSync(client.certificate), key: readFileSync(client.key) };
  return new Promise((resolve) => {
    const request = get(
      { host: "127.0.0.1", port, path, ca: readFileSync(authority), ...identity, agent: false, timeout: 5000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}

/** How long a server may take to become healthy, in seconds. Five are usual; a machine that builds beside it is slow. */
const patience = 120;

/**
 * Waits until a server answers.
 * @param needs itself and the servers without which it cannot.
 * @throws with the last lines of its log when one of them stops, or when none of it helps in time.
 */
export async function waitUntilHealthy(dir: string, page: HealthPage, needs: readonly ServerProcess[]): Promise<void> {
  const deadline = Date.now() + patience * 1000;
  while (!(await isHealthy(page))) {
    const stopped = needs.find(({ name }) => !runningProcess(dir, name));
    if (stopped) throw stoppedEarly(dir, stopped.name);
    if (Date.now() > deadline) {
      const logs = needs.map(({ name }) => logFile(dir, name)).join(" and ");
      throw new Failure(
        `https://127.0.0.1:${page.port}${page.path} was not healthy within ${patience} s: see ${logs}.`,
      );
    }
    await sleep(100);
  }
}
