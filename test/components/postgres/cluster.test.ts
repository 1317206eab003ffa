import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobRepositoryConfig } from "../../../components/postgres/pgbackrestConfig.ts";
import { hostOf, membersOf, paths, scope } from "../../../components/postgres/layout.ts";
import { script } from "../../../components/postgres/scripts.ts";
import { BackupStore, repositoryEnv } from "../../support/backupStore.ts";
import { openNetwork, usesDebian, type DebianResult } from "../../support/debian.ts";
import { PostgresCluster } from "../../support/postgresCluster.ts";
import {
  cluster as clusterSettings,
  issueClusterCertificates,
  passwords,
  smallSettings,
  tlsVolume,
  type Party,
} from "../../support/postgresSample.ts";
import type { Certificate } from "../../support/servers/certificates.ts";
import { writer } from "../../support/writer.ts";

usesDebian();

/** Patroni, etcd, HAProxy, PgBouncer and pgBackRest for real, from the files that the program renders. One after another. */
describe("a Postgres cluster of three members", { timeout: 240_000 }, () => {
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let certificates: Record<Party, Certificate>;
  let cluster: PostgresCluster;

  beforeAll(async () => {
    network = await openNetwork();
    certificates = await issueClusterCertificates();
    cluster = new PostgresCluster({ settings: smallSettings(), network, certificates });
    for (const i of [0, 1, 2]) cluster.startEtcd(i);
    for (const i of [0, 1, 2]) cluster.startMember(i);
    cluster.startProxy();
    cluster.startPooler();
  }, 60_000);
  afterAll(async () => {
    await cluster.stop();
    await network.close();
  });

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  const asDify = (sql: string) => cluster.run({ argv: ["psql", "-XAtqc", sql], ...cluster.client("dify") });

  it("comes up while the object store is away, with what all members share as it was rendered", async () => {
    const result = await cluster.configure(cluster.settings);
    succeeded(result);
    expect(result.stdout).not.toContain("changed");
    expect(await cluster.sql("SHOW synchronous_commit")).toBe("on");
    expect(await cluster.sql("SHOW data_checksums")).toBe("on");
    expect(await cluster.sql("SELECT count(*) FROM pg_settings WHERE pending_restart")).toBe("0");
  });

  it("has roles, databases and extensions however often they are made", async () => {
    succeeded(await cluster.bootstrap());
    const secrets = "SELECT string_agg(rolpassword, ' ' ORDER BY rolname) FROM pg_authid WHERE rolname LIKE 'dify%'";
    const before = await cluster.sql(secrets);
    succeeded(await cluster.bootstrap());
    // The proof that poolers have seen stays good.
    expect(await cluster.sql(secrets)).toBe(before);
    const seen = await asDify(
      "SELECT current_user, current_setting('timezone'), uuid_generate_v4() IS NOT NULL, '[1,2]'::vector",
    );
    expect(seen).toMatchObject({ exitCode: 0, stdout: "dify|UTC|t|[1,2]\n" });
  });

  it("keeps the two applications out of each other's database", async () => {
    const { env, files } = cluster.client("plugin");
    const strangers = await cluster.run({
      argv: ["psql", "-c", "SELECT 1"],
      env: { ...env, PGDATABASE: "dify" },
      files,
    });
    expect(strangers.exitCode).not.toBe(0);
    expect(strangers.stderr).toContain('permission denied for database "dify"');
  });

  it("lets nobody become superuser through the pooler", async () => {
    const { env, files } = cluster.client("dify");
    const result = await cluster.run({ argv: ["psql", "-c", "SELECT 1"], env: { ...env, PGUSER: "postgres" }, files });
    expect(result.exitCode).not.toBe(0);
  });

  it("accepts nothing without TLS, and no superuser without the jobs' certificate", async () => {
    const { env, files, user } = cluster.superuser();
    const psql = (changed: Record<string, string>) =>
      cluster.run({ argv: ["psql", "-c", "SELECT 1"], env: { ...env, ...changed }, files, user });
    expect((await psql({ PGSSLMODE: "disable" })).stderr).toContain("no encryption");
    expect((await psql({ PGSSLCERTMODE: "disable" })).exitCode).not.toBe(0);
  });

  it("lets the console's role pause and resume", async () => {
    const { env, files } = cluster.client("dify");
    const console = { ...env, PGUSER: "pooler_admin", PGPASSWORD: passwords.poolerAdmin, PGDATABASE: "pgbouncer" };
    const result = await cluster.run({ argv: ["psql", "-Xqc", "PAUSE", "-c", "RESUME"], env: console, files });
    succeeded(result);
  });

  it("takes a new password, also through poolers that know the old one", async () => {
    succeeded(await cluster.bootstrap({ dify: "another password" }));
    const { env, files } = cluster.client("dify");
    const psql = (PGPASSWORD: string) =>
      cluster.run({ argv: ["psql", "-XAtqc", "SELECT 1"], env: { ...env, PGPASSWORD }, files });
    expect((await psql("another password")).stdout).toBe("1\n");
    expect((await psql(passwords.dify)).exitCode).not.toBe(0);
    succeeded(await cluster.bootstrap());
    expect((await psql(passwords.dify)).stdout).toBe("1\n");
  });

  it("changes through its REST API only for who has the certificate and the password", async () => {
    const { files } = cluster.superuser();
    const identity = ["--cacert", `${paths.tls}/ca.crt`];
    const login = [...identity, "--cert", `${paths.tls}/tls.crt`, "--key", `${paths.tls}/tls.key`];
    const member = membersOf("members", 1, clusterSettings)[0]?.host ?? "";
    const patch = async (...args: string[]) =>
      (
        await cluster.run({
          argv: [
            "curl",
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-X",
            "PATCH",
            "-d",
            '{"ttl":20}',
            ...args,
            `https://${member}:8008/config`,
          ],
          files,
        })
      ).stdout;
    expect(await patch(...identity, "-u", `patroni:${passwords.patroni}`)).toBe("403");
    expect(await patch(...login)).toBe("401");
    expect(await patch(...login, "-u", `patroni:${passwords.patroni}`)).toBe("200");
  });

  it("has a standby that commits wait for", async () => {
    const { env, files, user } = cluster.superuser();
    const check = { ...files, "/opt/check.sh": script("replication-check.sh") };
    const result = await cluster.run({ argv: ["sh", "/opt/check.sh"], env, files: check, user });
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("streaming, quorum") as string });
  });

  it("archives as soon as the object store is there", async () => {
    await new BackupStore(cluster, certificates.minio, 0).start();
    const hosts = membersOf("members", 3, clusterSettings).map(({ host }) => host);
    const result = await cluster.run({
      argv: ["sh", "/opt/stanza.sh"],
      user: "postgres",
      env: { ...repositoryEnv(1), STANZA: scope, WAIT_SECONDS: "120" },
      files: {
        "/opt/stanza.sh": script("stanza.sh"),
        [`${paths.repository}/pgbackrest.conf`]: jobRepositoryConfig(
          cluster.settings,
          cluster.places,
          hosts,
          paths.tls,
        ),
        [`${paths.repositoryAuthorities}/repo1.crt`]: certificates.minio.authority,
        ...tlsVolume(paths.tls, certificates["postgres-backup"]),
      },
      timeoutSeconds: 200,
    });
    succeeded(result);
    expect(await cluster.sql("SELECT archived_count > 0 FROM pg_stat_archiver")).toBe("t");
  });

  it("restarts member by member when a shared setting asks for it", async () => {
    const changed = smallSettings({ maxConnections: 70 });
    succeeded(await cluster.configure(changed));
    expect(await cluster.sql("SHOW max_connections")).toBe("70");
    expect((await cluster.configure(changed)).stdout).not.toContain("restarts");
  });

  /** Lets writers write while something happens to the leader, until another leads and writes go on. @returns what of it failed */
  async function writersDuring(happens: (leader: string) => Promise<void>): Promise<string[]> {
    await asDify("DROP TABLE IF EXISTS written; CREATE TABLE written (n int PRIMARY KEY)");
    const { env, files } = cluster.client("dify");
    const client = { ...env, PGCONNECT_TIMEOUT: "0" };
    const writers = cluster.start("writers", {
      argv: ["python3", "/opt/writer.py"],
      env: client,
      files: { ...files, "/opt/writer.py": writer },
    });
    await writers.printed(/wrote 60\./);
    const leader = await cluster.leader();
    const acknowledged = () => [...writers.output.matchAll(/wrote (\d+)\./g)].map(([, n]) => Number(n));
    await happens(leader);
    await expect.poll(() => cluster.leader(), { timeout: 60_000 }).not.toBe(leader);
    const before = acknowledged().length;
    await expect.poll(() => acknowledged().length, { timeout: 60_000 }).toBeGreaterThan(before + 60);
    writers.kill();
    await writers.ended;
    const kept = new Set((await asDify("SELECT n FROM written")).stdout.trim().split("\n").map(Number));
    expect(acknowledged().filter((n) => !kept.has(n))).toEqual([]);
    return [...writers.output.matchAll(/failed: (.*)/g)].map(([, reason]) => reason ?? "");
  }

  it("lets writers wait while the leader changes by plan, and fails only what is under way", async () => {
    const { files } = cluster.superuser();
    const failed = await writersDuring(async (leader) => {
      const login = ["--cacert", "ca.crt", "--cert", "tls.crt", "--key", "tls.key"].map((arg) =>
        arg.startsWith("--") ? arg : `${paths.tls}/${arg}`,
      );
      const url = `https://${leader}.${hostOf("members", clusterSettings)}:8008/switchover`;
      const order = ["-X", "POST", "-u", `patroni:${passwords.patroni}`, "-d", JSON.stringify({ leader })];
      const result = await cluster.run({ argv: ["curl", "-s", ...login, ...order, url], files, timeoutSeconds: 60 });
      expect(result.stdout).toContain("uccessfully switched over");
    });
    expect(failed.length, failed.join("\n")).toBeLessThanOrEqual(3);
  });

  it("loses no acknowledged write with its leader, and goes on with another", async () => {
    let lost = "";
    const failed = await writersDuring(async (leader) => {
      lost = leader;
      cluster.running.get(leader)?.kill();
      await cluster.running.get(leader)?.ended;
    });
    expect(failed.length, failed.join("\n")).toBeLessThanOrEqual(3);
    const voters = [...cluster.running.values()].map(({ output }) => output).join("\n");
    expect(voters).toContain(`${lost} leads no more: votes of`);
  });

  it("stops a pooler without breaking a transaction", async () => {
    const long = cluster.start("long", {
      argv: ["psql", "-XAtqc", "BEGIN; SELECT 'begun'", "-c", "SELECT pg_sleep(4)", "-c", "COMMIT; SELECT 'committed'"],
      ...cluster.client("dify"),
    });
    await long.printed(/begun/);
    const pooler = cluster.running.get("pgbouncer-0");
    pooler?.signal("USR1");
    const { exitCode, stdout, stderr } = await long.ended;
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain("committed");
    expect((await pooler?.ended)?.exitCode).toBe(0);
  });
});
