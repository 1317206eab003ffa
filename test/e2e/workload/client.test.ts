import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authoritiesFolder } from "../../../components/dify/environment/authorities.ts";
import { declareDify, settings } from "../../components/dify/sample.ts";
import { startInDebian, usesDebian, type RunningProgram } from "../../support/debian.ts";
import { find, type Declared } from "../../support/mocks.ts";
import {
  issueCertificates,
  loopbackNames,
  startMinio,
  startPgbouncer,
  startPostgres,
  startRedis,
  startSentinel,
  type Certificate,
  type MinioServer,
  type PostgresServer,
  type RedisServer,
  type Server,
} from "../../support/servers.ts";
import { askCommand } from "./pod.ts";
import { parseProgress, parseReport, reportTable, type Report } from "./report.ts";

usesDebian();

const password = randomBytes(12).toString("hex");
const clientFolder = join(import.meta.dirname, "client");

describe("the workload on real servers", { timeout: 240_000 }, () => {
  let postgres: PostgresServer;
  let pooler: Server;
  let redis: RedisServer;
  let sentinel: RedisServer;
  let minio: MinioServer;
  let tls: Certificate;
  let workload: RunningProgram;

  beforeAll(async () => {
    tls = (await issueCertificates({ server: loopbackNames })).server;
    [postgres, redis, minio] = await Promise.all([startPostgres(), startRedis({ password }), startMinio({ tls })]);
    for (const name of ["dify", "dify_plugin"]) {
      await postgres.sql(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
      await postgres.sql(`CREATE DATABASE ${name} OWNER ${name}`);
    }
    pooler = await startPooler();
    sentinel = await startSentinel({
      password,
      config: [
        `requirepass "${password}"`,
        `sentinel monitor dify 127.0.0.1 ${redis.port} 1`,
        `sentinel auth-pass dify ${password}`,
      ],
    });
    await minio.mc("mb", "store/dify");
    workload = startInDebian({
      argv: ["python3", "-B", "/opt/workload/main.py"],
      env: { ...(await environment()), HOME: "/tmp" },
      files: {
        ...Object.fromEntries(
          readdirSync(clientFolder)
            .filter((file) => file.endsWith(".py"))
            .map((file) => [`/opt/workload/${file}`, readFileSync(join(clientFolder, file), "utf8")]),
        ),
        [`${authoritiesFolder}/postgres.crt`]: tls.authority,
        [`${authoritiesFolder}/object-store.crt`]: tls.authority,
      },
      user: "1001",
    });
    await workload.printed(/working/);
  }, 240_000);
  afterAll(() => Promise.all([workload, pooler, postgres, redis, sentinel, minio].map((server) => server.stop())));

  function startPooler(port?: number): Promise<Server> {
    const own = port ?? 6432;
    const config = `[databases]
* = host=127.0.0.1 port=${postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
pool_mode = transaction
auth_type = scram-sha-256
auth_file = /etc/test/users
ignore_startup_parameters = extra_float_digits,options
client_tls_sslmode = require
client_tls_cert_file = /etc/test/tls.crt
client_tls_key_file = /etc/test/tls.key
`;
    const files = {
      "/etc/test/users": ["dify", "dify_plugin"].map((name) => `"${name}" "${password}"\n`).join(""),
      "/etc/test/tls.crt": tls.certificate,
      "/etc/test/tls.key": tls.key,
    };
    return startPgbouncer({ config, files, port: own });
  }

  /** What the program gives to Dify's pods, for the servers of this test. */
  async function environment(): Promise<Record<string, string>> {
    const secret = (value: string) => pulumi.secret(pulumi.output(value));
    const declared = await declareDify(settings(), (sample) => ({
      ...sample,
      postgres: {
        ...sample.postgres,
        host: pulumi.output("127.0.0.1"),
        port: pooler.port,
        dify: { ...sample.postgres.dify, password: secret(password) },
        plugin: { ...sample.postgres.plugin, password: secret(password) },
      },
      redis: {
        ...sample.redis,
        host: pulumi.output("127.0.0.1"),
        port: redis.port,
        password: secret(password),
        sentinel: { addresses: [`127.0.0.1:${sentinel.port}`], masterName: "dify", password: secret(password) },
      },
      objectStore: {
        ...sample.objectStore,
        endpoint: pulumi.output(minio.endpoint),
        dify: { bucket: "dify", accessKey: secret(minio.rootUser), secretKey: secret(minio.rootPassword) },
      },
    }));
    const daemon = Object.entries(variables(declared, "plugin-daemon")).map(([name, value]) => [
      `DAEMON_${name}`,
      value,
    ]);
    return { ...variables(declared, "dify-environment"), ...(Object.fromEntries(daemon) as Record<string, string>) };
  }

  function variables(declared: readonly Declared[], name: string): Record<string, string> {
    const plain = find(declared, "ConfigMap", name).revealed["data"] as Record<string, string>;
    return { ...plain, ...(find(declared, "Secret", name).revealed["stringData"] as Record<string, string>) };
  }

  async function ask(path: string, query?: Record<string, string>): Promise<string> {
    const { stdout } = await execa("pgrep", ["--parent", `${workload.pid}`]);
    const { stdout: answer } = await execa("nsenter", ["-t", stdout.trim(), "-m", "-r", ...askCommand(path, query)]);
    return answer;
  }

  async function until(what: string, check: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 60_000; !(await check()); await sleep(200))
      if (Date.now() > deadline) throw new Error(`not within 60 s: ${what}`);
  }

  it("shows a pooler that was killed as a gap with errors, and what was taken away behind its back as lost", async () => {
    await until("every stream has begun", () =>
      ask("/ready").then(
        () => true,
        () => false,
      ),
    );
    await until("a dozen rows", async () => (await rows()) > 12);
    await ask("/mark", { label: "the pooler dies" });
    pooler.program.signal("KILL");
    await pooler.program.ended;
    await sleep(2000);
    pooler = await startPooler(pooler.port);
    const restarted = new Date();
    await until("rows again", async () => {
      const since = { since: `${restarted.getTime() / 1000}` };
      const { lastSuccess } = parseProgress(await ask("/live", since));
      return (
        lastSuccess.rows !== undefined && lastSuccess.pluginRows !== undefined && lastSuccess.objects !== undefined
      );
    });

    await postgres.sql("DELETE FROM workload_rows WHERE id = 5", "dify");
    await minio.mc("rm", "store/dify/workload/2");
    await redis.cli("del", "workload:key:3");
    const report = parseReport(await ask("/report"));

    expect(summary(report), reportTable(report)).toEqual({
      rows: { lost: [5], failed: true },
      reads: { lost: [], failed: true },
      pluginRows: { lost: [], failed: true },
      objects: { lost: [2], failed: true },
      objectReads: { lost: [], failed: false },
      keys: { lost: [3], failed: false },
      messages: { lost: [], failed: false },
      messagesConsumed: { lost: [], failed: false },
      events: { lost: [], failed: false },
      eventsDelivered: { lost: [], failed: false },
    });
    const { rows: hit, keys: spared } = report.streams;
    expect(hit.longestGapSeconds).toBeGreaterThan(1.9);
    expect(hit.gapAt.getTime()).toBeLessThan(restarted.getTime());
    expect(hit.firstErrors[0]?.text).toMatch(/^OperationalError: /);
    expect(spared.longestGapSeconds).toBeLessThan(hit.longestGapSeconds);
    expect(report.streams.eventsDelivered.notes).toEqual({ missed: 0 });
    expect(report.marks.map(({ label }) => label)).toEqual(["the pooler dies"]);
    expect(parseReport(await ask("/report"))).toEqual(report);
  });

  it("leaves nothing behind when it is asked to clean", async () => {
    await ask("/clean");
    expect(await postgres.sql("SELECT relname FROM pg_class WHERE relname LIKE 'workload%'", "dify")).toBe("");
    expect(await minio.mc("ls", "--recursive", "store/dify")).toBe("");
    expect(await redis.cli("keys", "*workload*")).toBe("");
    expect(await redis.cli("-n", "1", "keys", "*workload*")).toBe("");
  });

  const rows = async () => Number(await postgres.sql("SELECT count(*) FROM workload_rows", "dify"));

  function summary({ streams }: Report) {
    const found = Object.entries(streams).map(([name, { lostItems, errors }]) => [
      name,
      { lost: lostItems, failed: errors > 0 },
    ]);
    return Object.fromEntries(found) as Record<string, unknown>;
  }
});
