import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { squidConfig, type SquidConfigArgs } from "../../../components/dify/squidConfig.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { freePort, startServer, type Server as Program } from "../../support/servers/server.ts";

usesDebian();

const agent = {
  api: "http://api.dify.svc.cluster.local:5001",
  agentBackend: "http://agent-backend.dify.svc.cluster.local:5050",
};

describe("the proxy's configuration", () => {
  it.each<[string, Partial<SquidConfigArgs>]>([
    ["as it is", {}],
    ["with exceptions", { allowAddresses: ["10.20.0.0/16", "fd00::1"], allowDomains: [".intranet.example.com"] }],
    ["with agents", { agent }],
  ])("is accepted by squid %s", async (_, args) => {
    const config = squidConfig({ port: 3128, allowAddresses: [], allowDomains: [], ...args });
    const result = await runInDebian({
      argv: ["squid", "-k", "parse", "-f", "/etc/dify-ha/squid/squid.conf"],
      files: { "/etc/dify-ha/squid/squid.conf": config },
      user: "13:13",
    });
    expect(result.stderr).not.toMatch(/ERROR|WARNING/);
    expect(result.exitCode).toBe(0);
  });
});

describe("the proxy", { timeout: 60_000 }, () => {
  let server: Server;
  let api: Server;
  let proxies: Record<"strict" | "open" | "agents", Program>;

  /** squid as the pod starts it, on another port. Loopback stands for a private network. */
  const proxy = async (args: Partial<SquidConfigArgs>): Promise<Program> => {
    const port = await freePort();
    return startServer(
      {
        argv: ["/usr/sbin/squid", "-N", "-f", "/etc/dify-ha/squid/squid.conf"],
        files: {
          "/etc/dify-ha/squid/squid.conf": squidConfig({ port, allowAddresses: [], allowDomains: [], ...args }),
        },
        user: "13:13",
        graceSeconds: 2,
      },
      port,
      /Accepting HTTP Socket connections/,
    );
  };

  let apiPort: number;
  beforeAll(async () => {
    apiPort = await freePort();
    [server, api] = [80, apiPort].map((port) =>
      createServer((_, response) => void response.end("reached")).listen(port, "127.0.0.9"),
    ) as [Server, Server];
    await Promise.all([once(server, "listening"), once(api, "listening")]);
    const [strict, open, agents] = await Promise.all([
      proxy({}),
      proxy({ allowAddresses: ["127.0.0.9"] }),
      proxy({ agent: { api: `http://127.0.0.9:${apiPort}`, agentBackend: "http://127.0.0.9:81" } }),
    ]);
    proxies = { strict, open, agents };
  }, 60_000);
  afterAll(async () => {
    for (const listener of [server, api]) {
      listener.closeAllConnections();
      listener.close();
    }
    await Promise.all(Object.values(proxies).map((p) => p.stop()));
  });

  const through = async (name: keyof typeof proxies, url: string, method = "GET"): Promise<number | undefined> => {
    const call = request({ host: "127.0.0.1", port: proxies[name].port, path: url, method, agent: false }).end();
    const [response] = (await Promise.race([once(call, "response"), once(call, "connect")])) as [IncomingMessage];
    call.destroy();
    return response.statusCode;
  };

  it("denies private addresses, also by name and tunnel", async () => {
    expect(await through("strict", "http://127.0.0.9/")).toBe(403);
    expect(await through("strict", "http://localhost/")).toBe(403);
    expect(await through("strict", "http://169.254.169.254/latest/meta-data")).toBe(403);
    expect(await through("strict", "http://[::1]/")).toBe(403);
    expect(await through("strict", "http://[::ffff:127.0.0.9]/")).toBe(403);
    expect(await through("strict", "10.0.0.1:443", "CONNECT")).toBe(403);
  });

  it("denies other ports than the web's", async () => {
    expect(await through("strict", "http://192.0.2.1:6379/")).toBe(403);
    expect(await through("strict", "192.0.2.1:22", "CONNECT")).toBe(403);
  });

  it("lets through what the settings name", async () => {
    expect(await through("open", "http://127.0.0.9/")).toBe(200);
    expect(await through("open", "http://127.0.0.8/")).toBe(403);
  });

  it("lets an agent's shell to its files and tools, and to nothing else of the API", async () => {
    const ask = (path: string) => through("agents", `http://127.0.0.9:${apiPort}${path}`);
    expect(await ask("/files/a")).toBe(200);
    for (const path of ["/inner/api/a", "/files/../inner/api/a", "/files/%2e%2E/inner", "/x/files/a"])
      expect(await ask(path)).toBe(403);
  });
});
