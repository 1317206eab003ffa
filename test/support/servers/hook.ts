import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that came in. */
export interface HookCall {
  /** With its query. */
  readonly path: string;
  readonly body: unknown;
}

/** An HTTP server on loopback that keeps what is posted to it. */
export interface Hook {
  readonly url: string;
  readonly calls: readonly HookCall[];
  /** Answers to the next calls, before it says again what it always says. */
  readonly next: string[];
  stop(): Promise<void>;
}

/** Starts one that answers with status 200. @param answer What it says. */
export async function startHook(answer = "{}"): Promise<Hook> {
  const calls: HookCall[] = [];
  const next: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      calls.push({ path: request.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.end(next.shift() ?? answer);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    next,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
