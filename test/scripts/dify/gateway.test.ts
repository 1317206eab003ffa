import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { nginxConfig, type NginxConfigArgs } from "../../../components/dify/nginxConfig.ts";
import { difyVersion } from "../../../components/dify/versions.ts";
import { startInDebian, usesDebian, type RunningProgram } from "../../support/debian.ts";
import { startNameServer } from "../../support/dns.ts";
import { issueCertificates, loopbackNames } from "../../support/servers/certificates.ts";
import { freePort } from "../../support/servers/server.ts";

usesDebian();

const script = readFileSync(new URL("../../../scripts/dify/gateway.sh", import.meta.url), "utf8");
const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

/** A server that stands in for a pod. */
async function upstream(address: string, port: number, listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(port, address);
  await once(server, "listening");
  running.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

/** nginx as the pod starts it, with stand-ins that tell who they are, and names that lead to them. */
async function gateway(
  overrides: Partial<NginxConfigArgs> & { readonly pods?: Record<string, readonly string[]> } = {},
  certificates?: string,
) {
  const { pods = {}, ...args } = overrides;
  const name = (of: string) => pods[of] ?? ["127.0.0.1"];
  const dns = await startNameServer({
    "api.test": name("api"),
    "web.test": name("web"),
    "websocket.test": name("websocket"),
    "plugins.test": name("plugins"),
  });
  running.push(() => dns.stop());
  const [http, https, api, web, websocket, plugins] = await Promise.all(Array.from({ length: 6 }, freePort));
  if (!http || !https || !api || !web || !websocket || !plugins) throw new Error("no ports");
  const config = nginxConfig({
    version: difyVersion("1.15.0"),
    upstreams: {
      api: `http://api.test:${api}`,
      web: `http://web.test:${web}`,
      websocket: `http://websocket.test:${websocket}`,
      "plugin-daemon": `http://plugins.test:${plugins}`,
    },
    ports: { http, https },
    bodyMiB: 1,
    trustedProxies: [],
    finishSeconds: 60,
    ...args,
  });
  const program = startInDebian({
    argv: ["sh", "/etc/dify-ha/gateway/gateway.sh"],
    files: { "/etc/dify-ha/gateway/nginx.conf": config, "/etc/dify-ha/gateway/gateway.sh": script },
    env: {
      RESOLVERS: dns.address,
      ...(certificates && { CERTIFICATES: "/etc/dify-ha/certificate", WATCH_SECONDS: "1" }),
    },
    ...(certificates && { mounts: { "/etc/dify-ha/certificate": certificates } }),
    user: "101:101",
    graceSeconds: 20,
  });
  running.push(() => program.stop());
  await untilServing(program, http);
  return { program, dns, port: http, https, ports: { api, web, websocket, plugins } };
}

async function untilServing(program: RunningProgram, port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await pause(50);
  }
  throw new Error(`the gateway does not serve; it printed:\n${program.output}`);
}

const tell =
  (name: string): RequestListener =>
  (incoming, response) =>
    void response.end(JSON.stringify({ name, url: incoming.url, headers: incoming.headers }));

interface Told {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

describe("the gateway", { timeout: 60_000 }, () => {
  it("brings each path to who answers it, and tells the plugin daemon the address that was called", async () => {
    const { port, ports } = await gateway();
    await Promise.all(Object.entries(ports).map(([name, number]) => upstream("127.0.0.1", number, tell(name))));
    const ask = async (path: string) => (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as Told;
    const owners = {
      "/console/api/setup": "api",
      "/api/messages": "api",
      "/v1/chat-messages?x=1": "api",
      "/files/a": "api",
      "/mcp/server/a": "api",
      "/triggers/plugin/a": "api",
      "/openapi/v1": "api",
      "/socket.io/?EIO=4": "websocket",
      "/explore/apps": "web",
      "/": "web",
    };
    for (const [path, owner] of Object.entries(owners))
      expect(await ask(path)).toMatchObject({ name: owner, url: path, headers: { host: "127.0.0.1" } });

    const hook = await ask("/e/abc/hook?x=1");
    expect(hook).toMatchObject({ name: "plugins", url: "/e/abc/hook?x=1" });
    expect(hook.headers["dify-hook-url"]).toBe("http://127.0.0.1/e/abc/hook?x=1");
    expect((await ask("/")).headers["dify-hook-url"]).toBeUndefined();
  });

  it("says https to those behind it when TLS ended before it", async () => {
    const { port, ports } = await gateway({ publicScheme: "https" });
    await upstream("127.0.0.1", ports.plugins, tell("plugins"));
    const told = (await (await fetch(`http://127.0.0.1:${port}/e/x`)).json()) as Told;
    expect(told.headers).toMatchObject({
      "dify-hook-url": "https://127.0.0.1/e/x",
      "x-forwarded-proto": "https",
      "x-forwarded-port": "443",
    });
  });

  it("hands on each event of a stream at once", async () => {
    const { port, ports } = await gateway();
    let sendSecond = () => {};
    await upstream("127.0.0.1", ports.api, (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: first\n\n");
      sendSecond = () => response.end("data: second\n\n");
    });
    const stream = (await fetch(`http://127.0.0.1:${port}/v1/chat-messages`)).body?.getReader();
    const next = async () => Buffer.from((await stream?.read())?.value ?? []).toString();
    expect(await next()).toBe("data: first\n\n");
    sendSecond();
    expect(await next()).toBe("data: second\n\n");
  });

  it("lets websockets through", async () => {
    const { port, ports } = await gateway();
    const server = await upstream("127.0.0.1", ports.websocket, (_, response) => void response.end());
    server.on("upgrade", (_, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      socket.pipe(socket);
    });
    const call = request({ port, path: "/socket.io/", headers: { connection: "Upgrade", upgrade: "websocket" } }).end();
    const [response, socket] = (await once(call, "upgrade")) as [IncomingMessage, Socket];
    expect(response.statusCode).toBe(101);
    socket.write("hello");
    expect(String((await once(socket, "data"))[0])).toBe("hello");
    socket.destroy();
  });

  it("takes bodies up to its limit and refuses larger ones", async () => {
    const { port, ports } = await gateway();
    await upstream("127.0.0.1", ports.api, (incoming, response) =>
      incoming.resume().on("end", () => void response.end("taken")),
    );
    const upload = (bytes: number) =>
      fetch(`http://127.0.0.1:${port}/console/api/files/upload`, { method: "POST", body: Buffer.alloc(bytes) });
    expect(await (await upload(2 ** 20)).text()).toBe("taken");
    expect((await upload(2 ** 20 + 1)).status).toBe(413);
  });

  it("passes over pods that are gone, and learns of new ones", async () => {
    const { port, ports, dns } = await gateway({ pods: { api: ["127.0.0.2", "127.0.0.3", "127.0.0.4"] } });
    await upstream("127.0.0.3", ports.api, tell("survivor"));
    for (let i = 0; i < 6; i++)
      expect(await (await fetch(`http://127.0.0.1:${port}/v1/info`)).json()).toMatchObject({ name: "survivor" });

    await upstream("127.0.0.5", ports.api, tell("newcomer"));
    dns.names.set("api.test", ["127.0.0.5"]);
    await expect
      .poll(async () => ((await (await fetch(`http://127.0.0.1:${port}/v1/info`)).json()) as Told).name, {
        timeout: 20_000,
      })
      .toBe("newcomer");
  });

  it("starts before those behind it are there", async () => {
    const { port, dns } = await gateway();
    dns.names.delete("web.test");
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(502);
  });

  it.each(["TERM", "QUIT"] as const)(
    "ends on %s once the last stream is finished, and takes no new requests",
    async (signal) => {
      const { port, ports, program } = await gateway();
      let finish = () => {};
      await upstream("127.0.0.1", ports.api, (_, response) => {
        response.write("begun, ");
        finish = () => response.end("finished");
      });
      const answer = await fetch(`http://127.0.0.1:${port}/v1/workflows/run`);
      program.signal(signal);
      await refused(port);
      finish();
      expect(await answer.text()).toBe("begun, finished");
      expect((await program.ended).exitCode).toBe(0);
    },
  );

  it("takes up a renewed certificate without dropping a request", async () => {
    const [first, second] = await Promise.all([0, 1].map(() => issueCertificates({ gateway: loopbackNames })));
    const folder = await mkdtemp(join(tmpdir(), "gateway-certificate-"));
    running.push(() => rm(folder, { recursive: true }));
    await chmod(folder, 0o755);
    const store = ({ gateway: { certificate, key } }: NonNullable<typeof first>) =>
      Promise.all([writeFile(join(folder, "tls.crt"), certificate), writeFile(join(folder, "tls.key"), key)]);
    if (!first || !second) throw new Error("no certificates");
    await store(first);
    const { program, https: port, ports } = await gateway({ certificates: "/etc/dify-ha/certificate" }, folder);
    await upstream("127.0.0.1", ports.api, (_, response) => void setTimeout(() => response.end("whole"), 20));

    const ask = async () => {
      const call = httpsRequest({ port, path: "/v1/info", rejectUnauthorized: false, agent: false }).end();
      const [response] = (await once(call, "response")) as [IncomingMessage];
      const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
      return { fingerprint256, body: (await response.setEncoding("utf8").toArray()).join("") };
    };
    const seen = new Set([(await ask()).fingerprint256]);
    await store(second);
    // Requests go on all the while; a dropped one throws.
    for (let asked = 0; asked < 1000 && seen.size < 2; asked++) {
      const { fingerprint256, body } = await ask();
      expect(body).toBe("whole");
      seen.add(fingerprint256);
    }
    expect(program.output).toContain("the certificate has changed");
    expect(seen.size).toBe(2);
  });

  it("sends those who come in clear to TLS, but not health checks", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gateway-certificate-"));
    running.push(() => rm(folder, { recursive: true }));
    await chmod(folder, 0o755);
    const { gateway: issued } = await issueCertificates({ gateway: loopbackNames });
    await writeFile(join(folder, "tls.crt"), issued.certificate);
    await writeFile(join(folder, "tls.key"), issued.key);
    const { port } = await gateway({ certificates: "/etc/dify-ha/certificate" }, folder);
    const answer = await fetch(`http://127.0.0.1:${port}/apps?x=1`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([308, "https://127.0.0.1/apps?x=1"]);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });
});

/** Until nobody listens there. */
async function refused(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const open = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (!open) return;
    await pause(50);
  }
  throw new Error("it still takes connections");
}
