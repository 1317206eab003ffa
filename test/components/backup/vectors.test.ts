import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serviceHost } from "../../../components/workload/service.ts";
import { declareBackups } from "../../support/backupSample.ts";
import { openNetwork, runInDebian, usesDebian, type DebianResult } from "../../support/debian.ts";
import type { Declared } from "../../support/mocks.ts";
import { NamedNetwork } from "../../support/namedNetwork.ts";
import { containerProgram, podSpec } from "../../support/renderedPod.ts";
import { startPostgres, type PostgresServer } from "../../support/servers.ts";

usesDebian();

/**
 * Answers as Qdrant's documents say that a member does, since its programs cannot be had here: one collection, of which each member has something else.
 * Prints each order. Arguments: ADDRESS FAULT.
 */
const member = `
import hashlib, json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

address, fault = sys.argv[1:]
contents = f"shards of {address}".encode() * 100000
names = ["old.snapshot"] if fault == "left" else []

class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def reply(self, body, status=200):
        data = body if isinstance(body, bytes) else json.dumps({"result": body, "status": "ok", "time": 0.1}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if fault == "cut" and isinstance(body, bytes) else data)

    def handle_all(self):
        print(self.command, self.path, flush=True)
        folder = "/collections/Vector_index_1_Node/snapshots"
        if self.headers["api-key"] != "the key":
            self.reply(b"Invalid API key or JWT", 401)
        elif (self.command, self.path) == ("GET", "/collections"):
            self.reply({"collections": [{"name": "Vector_index_1_Node"}]})
        elif (self.command, self.path) == ("GET", folder):
            self.reply([{"name": name} for name in names])
        elif (self.command, self.path) == ("POST", folder + "?wait=true"):
            time.sleep(30 if fault == "slow" else 0)
            names.append("new.snapshot")
            digest = hashlib.sha256(contents + (b"!" if fault == "damaged" else b"")).hexdigest()
            self.reply({"name": "new.snapshot", "size": len(contents), "checksum": digest})
        elif (self.command, self.path) == ("GET", folder + "/new.snapshot"):
            self.reply(contents)
        elif (self.command, self.path) == ("DELETE", folder + "/new.snapshot"):
            names.remove("new.snapshot")
            self.reply(True)
        else:
            self.reply(b"{}", 404)

    do_GET = do_POST = do_DELETE = handle_all

print("serves", flush=True)
ThreadingHTTPServer((address, 6333), Handler).serve_forever()
`;

const hosts = [0, 1, 2].map((i) => `qdrant-${i}.${serviceHost("qdrant", "dify-data")}`);
const addresses = hosts.map((_, i) => `127.0.7.${i + 1}`);
const place = "/collections/Vector_index_1_Node/snapshots";

describe("snapshots of Qdrant", { timeout: 60_000 }, () => {
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let named: NamedNetwork;
  let resources: Declared[];
  let outbox: string;

  beforeAll(async () => {
    network = await openNetwork();
    named = new NamedNetwork(
      network,
      hosts.map((host, i) => `${addresses[i]} ${host}`),
    );
    resources = await declareBackups({ vectorStore: { kind: "qdrant" } });
    outbox = await mkdtemp(join(tmpdir(), "vectors-"));
    await chmod(outbox, 0o777);
    for (const i of [0, 1, 2]) await serve(i);
  }, 60_000);
  afterAll(async () => {
    await named.stop();
    await network.close();
    await rm(outbox, { recursive: true });
  });

  /** Starts a member, in place of the one that was there. */
  async function serve(i: number, fault = "none"): Promise<void> {
    const host = hosts[i] ?? "";
    const before = named.running.get(host);
    before?.kill();
    await before?.ended;
    await named.start(host, { argv: ["python3", "-c", member, addresses[i] ?? "", fault] }).printed(/serves/);
  }

  function program(env: Record<string, string> = {}) {
    const rendered = containerProgram(resources, podSpec(resources, "CronJob", "vector-snapshots"), "snapshot");
    return { ...rendered, env: { ...rendered.env, API_KEY: "the key", ...env }, folders: { "/outbox": outbox } };
  }
  const run = (env?: Record<string, string>): Promise<DebianResult> => named.run(program(env));

  it("has what each member has, and leaves nothing on it", async () => {
    const result = await run();
    expect(result.exitCode, result.stderr).toBe(0);
    expect((await readdir(outbox)).toSorted()).toEqual(["qdrant-0", "qdrant-1", "qdrant-2"]);
    for (const i of [0, 1, 2]) {
      const file = await readFile(join(outbox, `qdrant-${i}/Vector_index_1_Node/new.snapshot`), "utf8");
      expect(file.slice(0, 19)).toBe(`shards of ${addresses[i]}`.slice(0, 19));
      expect(await readFile(join(outbox, `qdrant-${i}/collections.json`), "utf8")).toBe('["Vector_index_1_Node"]');
      expect(named.running.get(hosts[i] ?? "")?.output).toContain(`DELETE ${place}/new.snapshot`);
    }
  });

  it("tells of one that was left on a member, and does not touch it", async () => {
    await serve(1, "left");
    const result = await run();
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stdout).toContain("qdrant-1 still has old.snapshot of Vector_index_1_Node");
    expect(named.running.get(hosts[1] ?? "")?.output).not.toContain("old.snapshot");
  });

  it.each([
    ["is cut off", "cut", /qdrant-1 (sent|does not answer)/],
    ["is not what its checksum says", "damaged", /of qdrant-1 is not what its checksum says/],
  ])("fails when one %s, and leaves nothing on the member", async (_, fault, message) => {
    await serve(1, fault);
    const result = await run();
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(message);
    expect(named.running.get(hosts[1] ?? "")?.output).toContain(`DELETE ${place}/new.snapshot`);
  });

  it("fails when a member does not answer, or takes too long", async () => {
    await serve(1, "slow");
    const slow = await run({ ANSWER_SECONDS: "1" });
    expect(slow.stderr).toContain("qdrant-1 does not answer");
    named.running.get(hosts[1] ?? "")?.kill();
    const away = await run();
    expect(away.exitCode).toBe(1);
    expect(away.stderr).toContain("all members must, as each has shards of its own. Look at pod qdrant-1");
    await serve(1);
  });

  it("fails when the key is wrong", async () => {
    const result = await run({ API_KEY: "another" });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("look at Secret qdrant-credentials");
  });

  it("says so when it is told to stop", async () => {
    await serve(0, "slow");
    const running = named.start("job", program());
    await expect.poll(() => named.running.get(hosts[0] ?? "")?.output, { timeout: 10_000 }).toContain("POST");
    running.signal("TERM");
    expect((await running.ended).stderr).toContain("was told to stop; nothing was uploaded");
  });
});

describe("vectors in Postgres", { timeout: 120_000 }, () => {
  let postgres: PostgresServer;
  let outbox: string;

  beforeAll(async () => {
    postgres = await startPostgres();
    outbox = await mkdtemp(join(tmpdir(), "dump-"));
    await chmod(outbox, 0o777);
  }, 60_000);
  afterAll(async () => {
    await postgres.stop();
    await rm(outbox, { recursive: true });
  });

  it("survive a dump, with the index by which they are found", async () => {
    await postgres.sql("CREATE DATABASE dify; CREATE DATABASE restored");
    await postgres.sql(
      `CREATE EXTENSION vector; CREATE TABLE embedding (id int PRIMARY KEY, embedding vector(3));
       INSERT INTO embedding SELECT n, ARRAY[n, n % 7, n % 11]::vector FROM generate_series(1, 2000) n;
       CREATE INDEX ON embedding USING hnsw (embedding vector_l2_ops)`,
      "dify",
    );
    const nearest = "SELECT id, embedding FROM embedding ORDER BY embedding <-> '[1000, 6, 10]' LIMIT 5";
    const before = await postgres.sql(nearest, "dify");
    const resources = await declareBackups();
    const { files } = containerProgram(resources, podSpec(resources, "CronJob", "postgres-dump"), "dump");
    const common = { folders: { "/outbox": outbox }, user: "1000:1000", files };
    const env = { ...postgres.env, DATABASES: "dify", JOBS: "2", FOLDER: "/outbox" };
    const dumped = await runInDebian({ ...common, argv: ["sh", "/opt/dify-ha/postgres-dump.sh"], env });
    expect(dumped.exitCode, dumped.stderr).toBe(0);
    const argv = ["pg_restore", "--exit-on-error", "--dbname=restored", "/outbox/dify"] as const;
    const restored = await runInDebian({ ...common, argv, env });
    expect(restored.exitCode, restored.stderr).toBe(0);
    expect(await postgres.sql(nearest, "restored")).toBe(before);
    const plan = await postgres.sql(`SET enable_seqscan = off; EXPLAIN ${nearest}`, "restored");
    expect(plan).toContain("Index Scan using embedding_embedding_idx");
  });
});
