import { describe, expect, it, onTestFinished } from "vitest";
import { openNetwork, runInDebian, usesDebian } from "../../support/debian.ts";
import {
  freePort,
  issueCertificates,
  loopbackNames,
  startEtcd,
  startHaproxy,
  startMinio,
  startPgbouncer,
  startPostgres,
  startRedis,
  startSentinel,
  type Server,
} from "../../support/servers.ts";

usesDebian();

async function untilTestEnds<S extends Pick<Server, "stop">>(starting: Promise<S>): Promise<S> {
  const server = await starting;
  onTestFinished(async () => void (await server.stop()));
  return server;
}

// A server takes 1-4 s, and several times that while something is built beside it.
describe("servers for tests", { timeout: 90_000 }, () => {
  it("gives a Postgres with the extensions that Dify needs", async () => {
    const postgres = await untilTestEnds(startPostgres({ settings: { max_connections: "17" } }));
    await postgres.sql("CREATE DATABASE dify");
    await postgres.sql('CREATE EXTENSION vector; CREATE EXTENSION "uuid-ossp"', "dify");
    const rows = await postgres.sql("SHOW max_connections; SELECT '[1,2]'::vector <-> '[1,4]', 2", "dify");
    expect(rows).toBe("17\n2|2");
  });

  it("tells what Postgres says of wrong SQL", async () => {
    const postgres = await untilTestEnds(startPostgres());
    await expect(postgres.sql("SELECT 1 FROM nowhere")).rejects.toThrow('relation "nowhere" does not exist');
  });

  it("gives a Postgres that speaks TLS only", async () => {
    const { postgres: tls } = await issueCertificates({ postgres: loopbackNames });
    const postgres = await untilTestEnds(startPostgres({ tls }));
    expect(await postgres.sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).toBe("t");
    const plain = await runInDebian({
      argv: ["psql", "-c", "SELECT 1"],
      env: { ...postgres.env, PGSSLMODE: "disable" },
    });
    expect(plain).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no encryption") as string });
  });

  it("pools and balances with rendered configurations, their ports and their names", async () => {
    const network = await openNetwork();
    onTestFinished(() => network.close());
    const postgres = await untilTestEnds(startPostgres({ network, port: 5432 }));
    const files = { "/etc/hosts": "127.0.0.1 postgres\n127.0.0.1 haproxy\n" };
    const haproxy =
      "defaults\n mode tcp\n timeout connect 3s\n timeout client 1m\n timeout server 1m\nlisten rw\n bind :5000\n server one postgres:5432 check\n";
    await untilTestEnds(startHaproxy({ config: haproxy, files, port: 5000, network }));
    const pgbouncer =
      "[databases]\n* = host=haproxy port=5000\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = 6432\nauth_type = scram-sha-256\nauth_file = /etc/test/users\nunix_socket_dir =\n";
    const users = { "/etc/test/users": `"postgres" "${postgres.env["PGPASSWORD"] ?? ""}"\n` };
    await untilTestEnds(startPgbouncer({ config: pgbouncer, files: { ...files, ...users }, port: 6432, network }));
    const argv: [string, ...string[]] = ["psql", "-Atc", "SHOW server_version_num", "postgres"];
    const answer = await runInDebian({ argv, env: { ...postgres.env, PGPORT: "6432" }, network });
    expect(answer).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^17\d+\n$/) as string });
  });

  it("tells what a proxy says of a configuration that it refuses", async () => {
    const refused = startHaproxy({ config: "frontend x\n bind nonsense\n", port: 1 });
    await expect(refused).rejects.toThrow(/haproxy ended before it printed[^]*missing port specification/);
  });

  it("gives a Redis with a password, a replica and a Sentinel that knows both", async () => {
    const password = "for this test";
    const master = await untilTestEnds(startRedis({ password }));
    const replica = await untilTestEnds(
      startRedis({ password, config: [`replicaof 127.0.0.1 ${master.port}`, `masterauth "${password}"`] }),
    );
    expect(await master.cli("SET", "key", "value")).toBe("OK");
    await expect.poll(() => replica.cli("GET", "key"), { timeout: 30_000 }).toBe("value");
    const watch = [`sentinel monitor dify 127.0.0.1 ${master.port} 1`, `sentinel auth-pass dify "${password}"`];
    const sentinel = await untilTestEnds(startSentinel({ config: watch }));
    const found = (): Promise<string> => sentinel.cli("SENTINEL", "replicas", "dify");
    await expect.poll(found, { timeout: 30_000 }).toContain(String(replica.port));
  });

  it("gives an etcd that asks clients for a certificate", async () => {
    const { etcd: tls } = await issueCertificates({ etcd: loopbackNames });
    const etcd = await untilTestEnds(startEtcd({ tls }));
    expect(await etcd.ctl("put", "key", "value")).toBe("OK");
    expect((await runInDebian({ argv: ["curl", "-sk", `${etcd.endpoint}/health`] })).exitCode).not.toBe(0);
  });

  it("gives a MinIO with versions, locks and encryption", async () => {
    const { minio: tls } = await issueCertificates({ minio: loopbackNames });
    const minio = await untilTestEnds(startMinio({ tls }));
    await minio.mc("mb", "--with-lock", "store/backups");
    await minio.mc("retention", "set", "--default", "COMPLIANCE", "1d", "store/backups");
    await minio.mc("encrypt", "set", "sse-kms", "test-key", "store/backups");
    await minio.mc("cp", "/etc/debian_version", "store/backups/one");
    const [version] = [
      ...(await minio.mc("ls", "--versions", "--json", "store/backups")).matchAll(/"versionId":"([^"]+)"/g),
    ];
    await expect(minio.mc("rm", "--version-id", version?.[1] ?? "", "store/backups/one")).rejects.toThrow(
      /WORM|retention/,
    );
    const stranger = await minio.mcAs({ name: "nobody", password: "of this name" }, "ls", "store/backups");
    expect(stranger.exitCode).not.toBe(0);
  });

  it("finds another free port each time", async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
    expect(new Set(ports).size).toBe(20);
  });
});
