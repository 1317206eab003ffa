import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { haproxyConfig } from "../../../components/postgres/haproxyConfig.ts";
import { membersOf } from "../../../components/postgres/layout.ts";
import { failoverTiming } from "../../../components/postgres/timing.ts";
import { openNetwork, runInDebian, startInDebian, usesDebian, type RunningProgram } from "../../support/debian.ts";
import {
  cluster,
  issueClusterCertificates,
  smallSettings,
  tlsVolume,
  type Party,
} from "../../support/postgresSample.ts";
import type { Certificate } from "../../support/servers/certificates.ts";

usesDebian();

/** A member as HAProxy sees it: Patroni's answers over TLS on 8008, and on 5432 somebody who says his address. */
const member = `import http.server, socketserver, ssl, sys, threading
address, role = sys.argv[1:]
class Patroni(http.server.BaseHTTPRequestHandler):
    def do_OPTIONS(self):
        self.send_response(200 if self.path == role else 503)
        self.end_headers()
    def log_message(self, *_): pass
class Postgres(socketserver.BaseRequestHandler):
    def handle(self): self.request.sendall(address.encode())
patroni = http.server.ThreadingHTTPServer((address, 8008), Patroni)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tls/tls.crt", "/tls/tls.key")
patroni.socket = context.wrap_socket(patroni.socket, server_side=True)
threading.Thread(target=patroni.serve_forever, daemon=True).start()
postgres = socketserver.ThreadingTCPServer((address, 5432), Postgres)
print("serves", flush=True)
postgres.serve_forever()
`;

/** A name server: arguments are NAME=ADDRESS; other names do not exist. */
const nameServer = `import socket, struct, sys
known = dict(argument.split("=") for argument in sys.argv[1:])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.53", 53))
print("serves", flush=True)
while True:
    query, client = server.recvfrom(4096)
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    address = known.get(".".join(labels))
    answer = b"" if address is None or kind != 1 else bytes.fromhex("c00c00010001000000010004") + socket.inet_aton(address)
    header = query[:2] + struct.pack(">HHHHH", 0x8180 if address else 0x8183, 1, 1 if answer else 0, 0, 0)
    server.sendto(header + query[12:at + 5] + answer, client)
`;

const ask = `import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as connection:
    print(connection.recv(100).decode(), end="")
`;

describe("the proxy before the members", { timeout: 60_000 }, () => {
  const running: RunningProgram[] = [];
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let certificates: Record<Party, Certificate>;
  let names: RunningProgram;

  beforeAll(async () => {
    network = await openNetwork();
    certificates = await issueClusterCertificates();
  });
  afterAll(async () => {
    for (const program of running) program.kill();
    await Promise.all(running.map(({ ended }) => ended));
    await network.close();
  });

  async function python(program: string, ...args: string[]): Promise<RunningProgram> {
    const files = { "/opt/program.py": program, ...tlsVolume("/tls", certificates.postgres) };
    const started = startInDebian({ argv: ["python3", "/opt/program.py", ...args], files, network });
    running.push(started);
    await started.printed(/serves/);
    return started;
  }

  /** Tells the addresses of members, in place of what was told before. */
  async function tell(...addresses: string[]): Promise<void> {
    names?.kill();
    await names?.ended;
    const known = membersOf("members", addresses.length, cluster).map(({ host }, i) => `${host}=${addresses[i]}`);
    names = await python(nameServer, ...known);
  }

  /** Who answers on a port of the proxy: an address, or "" for nobody. */
  const whoAnswers = async (port: number) =>
    (
      await runInDebian({
        argv: ["python3", "/opt/ask.py", "127.0.0.1", `${port}`],
        files: { "/opt/ask.py": ask },
        network,
      })
    ).stdout;

  it("leads to the primary and to standbys, and follows a primary to another address", async () => {
    const old = await python(member, "127.0.2.1", "/primary");
    await python(member, "127.0.2.2", "/replica");
    await tell("127.0.2.1", "127.0.2.2");
    const config = haproxyConfig({
      members: membersOf("members", 2, cluster),
      check: failoverTiming(smallSettings()).check,
      authorityFile: "/etc/haproxy/ca.crt",
      maxConnections: 100,
    });
    running.push(
      startInDebian({
        argv: ["haproxy", "-W", "-db", "-f", "/etc/haproxy/test.cfg"],
        files: {
          "/etc/haproxy/test.cfg": config,
          "/etc/haproxy/ca.crt": certificates.postgres.authority,
          "/etc/resolv.conf": "nameserver 127.0.0.53\n",
        },
        network,
      }),
    );
    await expect.poll(() => whoAnswers(5000), { timeout: 20_000 }).toBe("127.0.2.1");
    await expect.poll(() => whoAnswers(5001), { timeout: 20_000 }).toBe("127.0.2.2");

    old.kill();
    await old.ended;
    await expect.poll(() => whoAnswers(5000), { timeout: 20_000 }).toBe("");
    await python(member, "127.0.2.9", "/primary");
    await tell("127.0.2.9", "127.0.2.2");
    await expect.poll(() => whoAnswers(5000), { timeout: 20_000 }).toBe("127.0.2.9");
  });

  it("says that it is well, and what it sees, whoever is primary", async () => {
    const get = async (path: string) =>
      (await runInDebian({ argv: ["curl", "-s", `http://127.0.0.1:8404${path}`], network })).stdout;
    expect(await get("/healthz")).toContain("200");
    expect(await get("/metrics")).toContain('haproxy_server_status{proxy="primary",server="postgres-0"');
  });
});
