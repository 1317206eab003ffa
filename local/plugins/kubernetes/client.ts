import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import type { Properties } from "../protocol/values.ts";

/** The API server said no; the message is its own. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** The API server did not answer at all. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Properties;
  readonly contentType?: string;
  /** @default 60_000 milliseconds */
  readonly timeout?: number;
}

export interface Answer {
  readonly body: Properties;
  /** What the API server wants the user to know: deprecated APIs, unknown fields, Pod Security findings. */
  readonly warnings: readonly string[];
}

interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: http.IncomingMessage;
}

/** A connection that the other side had closed just as it was used again. */
const STALE = new Set(["ECONNRESET", "EPIPE"]);
const ATTEMPTS = 5;

/** JSON requests to one API server, authenticated as the kubeconfig says (certificates, tokens, exec plugins, proxies). */
export class Client {
  readonly #config: KubeConfig;
  readonly #agents = { "http:": new http.Agent({ keepAlive: true }), "https:": new https.Agent({ keepAlive: true }) };

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  get server(): string {
    return this.#config.getCurrentCluster()?.server ?? "";
  }

  /** @throws ApiError, UnreachableError. Every request that we make may be repeated without harm. */
  async request(method: "GET" | "PATCH" | "DELETE", path: string, options: RequestOptions = {}): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#send(method, path, options).catch((error: NodeJS.ErrnoException) => {
        if (attempt < ATTEMPTS && STALE.has(error.code ?? "")) return undefined;
        throw new UnreachableError(`the cluster at ${this.server} cannot be reached: ${error.message || error.code}`);
      });
      const busy = answer?.status === 429 || answer?.status === 503;
      if (answer && !(busy && attempt < ATTEMPTS)) return interpret(answer);
      await sleep(1000 * Number(answer?.headers.headers["retry-after"] ?? 0.1 * attempt));
    }
  }

  async #send(method: string, path: string, { query, body, contentType, timeout }: RequestOptions): Promise<RawAnswer> {
    const url = new URL(this.server.replace(/\/$/, "") + path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const headers = { accept: "application/json", ...(body && { "content-type": contentType ?? "application/json" }) };
    const options: https.RequestOptions = { method, headers, timeout: timeout ?? 60_000 };
    await this.#config.applyToHTTPSOptions(options);
    const protocol = url.protocol === "http:" ? "http:" : "https:";
    // Its own agents open a connection for each request; only a proxy needs them.
    if (!this.#config.getCurrentCluster()?.proxyUrl) options.agent = this.#agents[protocol];
    return new Promise((resolve, reject) => {
      const request = (protocol === "http:" ? http : https).request(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), headers: response }),
        );
      });
      request.on("error", reject);
      request.on("timeout", () => request.destroy(new Error(`no answer within ${(timeout ?? 60_000) / 1000} s`)));
      request.end(body && JSON.stringify(body));
    });
  }
}

function interpret({ status, text, headers }: RawAnswer): Answer {
  let body: Properties = {};
  try {
    body = text === "" ? {} : (JSON.parse(text) as Properties);
  } catch {
    body = { message: text.trim() };
  }
  if (status >= 300)
    throw new ApiError(status, typeof body.message === "string" ? body.message : `HTTP status ${status}`);
  // RFC 9111: 299 - "text".
  const warnings = (headers.headersDistinct.warning ?? []).flatMap((line) => /^\d+ \S+ (".*")$/.exec(line)?.[1] ?? []);
  return { body, warnings: warnings.map((quoted) => quoted.slice(1, -1).replace(/\\(.)/g, "$1")) };
}
