import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hostOf, ports } from "../../../components/postgres/layout.ts";
import { pauseTiming } from "../../../components/postgres/pauseTiming.ts";
import { recordSchema, type BackupRecord } from "../../../runbooks/catalogue/record.ts";
import { clockOf } from "../../e2e/support/vdso.ts";
import { BackedUpCluster, type Change } from "../../support/backedUpCluster.ts";
import { backups } from "../../support/backupStore.ts";
import { usesDebian, type DebianResult, type RunningProgram } from "../../support/debian.ts";
import type { PostgresCluster } from "../../support/postgresCluster.ts";
import { cluster as clusterOfTest, smallSettings, storeHosts } from "../../support/postgresSample.ts";
import { onSmallVolume } from "../../support/smallVolume.ts";

usesDebian();

const redisHosts = [0, 1].map((i) => `redis-${i}.dify-data.svc.cluster.local`);
const redisPassword = "a password of redisPassword";

/** As many as the issue of coordinated backups asks for. */
const writers = 64;
const { worst } = pauseTiming(smallSettings());

/** Stops the process that runs it as soon as it has said what HOLD_AT says: a run that is held at one of its steps. */
const holder = `
import builtins, os, signal
says = builtins.print
def hold(*args, **kwargs):
    says(*args, **kwargs)
    if os.environ["HOLD_AT"] in " ".join(map(str, args)):
        os.kill(os.getpid(), signal.SIGSTOP)
builtins.print = hold
`;

/** What a run says at its steps, in their order. */
const steps = [
  "looking at everything",
  "pausing 2 poolers",
  "all are paused",
  "marked in the log",
  "marked in Redis",
  "marked in the object store",
  "resumed",
  "waiting until the log",
];

/** Postgres under Patroni with two poolers, Redis with a replica and two locked MinIO sites; the job's containers as they are declared. One after another. */
describe("a coordinated backup", { timeout: 240_000 }, () => {
  let backedUp: BackedUpCluster;
  let cluster: PostgresCluster;

  beforeAll(async () => {
    backedUp = await BackedUpCluster.start({
      poolers: 2,
      connections: writers,
      others: redisHosts.map((host, i) => `127.0.6.${i + 1} ${host}`),
    });
    ({ cluster } = backedUp);
    for (const [i, host] of redisHosts.entries()) startRedis(i, host);
    await cluster.running.get(redisHosts[1] ?? "")?.printed(/Finished with success/);
    for (const i of [0, 1]) backedUp.startResumer(i);
    succeeded(await backedUp.run("postgres-full", "pgbackrest"));
    succeeded(await backedUp.run("postgres-offsite-full", "pgbackrest"));
    succeeded(await bench(["--initialize", "--quiet"]));
    await backedUp.stores[0].put("dify-files", "upload_files/one file.txt", "first", "dify");
    await backedUp.stores[0].put("dify-plugins", "a.difypkg", "a plugin", "plugins");
  }, 400_000);
  afterAll(() => backedUp.stop());
  afterEach(async () => {
    for (const name of ["writers", "held"]) {
      cluster.running.get(name)?.kill();
      await cluster.running.get(name)?.ended;
    }
  });

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  const step = (container: string, change?: Change) => backedUp.run("coordinated-backup", container, change);
  const freeze = (change?: Change) => step("freeze", change);

  /** What a pod's account would have; nobody listens there. */
  const nobody = {
    env: { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1" },
    files: Object.fromEntries(
      ["namespace", "token", "ca.crt"].map((file) => [`/var/run/secrets/kubernetes.io/serviceaccount/${file}`, ""]),
    ),
  };

  function startRedis(index: number, host: string): void {
    const replica = index > 0 ? ["--replicaof", redisHosts[0] ?? "", "6379", "--masterauth", redisPassword] : [];
    cluster.start(host, {
      argv: [
        "redis-server",
        "--bind",
        `127.0.6.${index + 1}`,
        "--requirepass",
        redisPassword,
        "--dir",
        "/tmp",
        ...replica,
      ],
    });
  }

  function bench(args: readonly string[]) {
    return cluster.run({ argv: ["pgbench", ...args], ...cluster.client("dify"), timeoutSeconds: 120 });
  }

  /** Writers through the poolers, until they are told to end. Each that sees an error ends, and says so. */
  function startWriters(): RunningProgram {
    return cluster.start("writers", {
      argv: [
        "pgbench",
        `--client=${writers}`,
        "--jobs=2",
        "--time=600",
        "--no-vacuum",
        "--progress=1",
        "--protocol=extended",
      ],
      ...cluster.client("dify"),
    });
  }

  async function writersWereWell(program: RunningProgram): Promise<void> {
    program.signal("INT");
    await program.ended;
    expect(program.output).not.toMatch(/aborted|error|FATAL/i);
  }

  /** A run that has said these words, and stands still since. */
  async function heldAt(words: string): Promise<RunningProgram> {
    const change = {
      env: { PYTHONPATH: "/opt/holder", HOLD_AT: words },
      files: { "/opt/holder/sitecustomize.py": holder },
    };
    const held = cluster.start("held", backedUp.program("coordinated-backup", "freeze", change));
    await held.printed(new RegExp(words), 60);
    return held;
  }

  /** Waits until writers go on. The longest time for which they did not, in whole seconds. */
  async function untilWritersGoOn(program: RunningProgram): Promise<number> {
    const rates = () => [...program.output.matchAll(/, ([\d.]+) tps/g)].map(([, rate]) => Number(rate));
    const before = rates().length;
    const end = Date.now() + 40_000;
    // The first second may have begun before a pause.
    while (rates().length < before + 3 || rates().at(-1) === 0) {
      if (Date.now() > end) throw new Error(`nobody writes:\n${program.output}`);
      await delay(100);
    }
    let [longest, current] = [0, 0];
    for (const rate of rates()) longest = Math.max(longest, (current = rate === 0 ? current + 1 : 0));
    return longest;
  }

  it("holds 64 writers back for less than 5 s, and none sees an error", async () => {
    const program = startWriters();
    await program.printed(/progress: 3/);
    const result = await freeze();
    succeeded(result);
    const pause = Number(/writers waited for ([\d.]+) s/.exec(result.stdout)?.[1]);
    process.stderr.write(`coordinated backup: ${writers} writers waited for ${pause} s\n`);
    expect(pause).toBeLessThan(5);
    await untilWritersGoOn(program);
    await writersWereWell(program);
    expect((await readdir(backedUp.outbox)).toSorted()).toEqual(["files", "instant.json", "run.env"]);
  });

  it("carries the instant to both sites, and leaves a record of it", async () => {
    // After the instant: no part of it.
    await backedUp.stores[0].put("dify-files", "upload_files/one file.txt", "changed later", "dify");
    await backedUp.stores[0].put("dify-files", "upload_files/later.txt", "later", "dify");
    for (const container of ["redis", "upload", "objects"]) succeeded(await step(container));
    // There is no API server here; that it takes the record is seen in test/e2e/backups.
    const alone = await step("record", nobody);
    expect(alone.stderr).toContain("the cluster does not have record");
    succeeded(await step("deposit"));
    const [file = ""] = await readdir(join(backedUp.outbox, "records"));
    const text = await readFile(join(backedUp.outbox, "records", file), "utf8");
    const record: BackupRecord = recordSchema.parse(JSON.parse(text));
    expect(file).toBe(`${record.id}.json`);
    expect(record).toMatchObject({
      difyVersion: "1.15.0",
      postgres: { restorePoint: `dify-${record.id}`, alembicHead: null },
      buckets: [
        { bucket: "dify-files", count: 1, bytes: "first".length },
        { bucket: "dify-plugins", count: 1, bytes: "a plugin".length },
      ],
      redis: { object: `coordinated/${record.id}/dump.rdb.bin` },
    });
    expect(record.postgres.backups).toHaveLength(2);
    expect(record.fingerprints["difySecretKey"]).toMatch(/^[0-9a-f]{64}$/);
    for (const store of backedUp.stores) {
      expect((await store.mc(["cat", `store/dify-catalogue/records/${file}`])).stdout).toBe(text);
      const folder = `store/${backups.bucket}/objects`;
      expect((await store.mc(["cat", `${folder}/dify-files/upload_files/one file.txt`])).stdout).toBe("first");
      expect((await store.mc(["cat", `store/${backups.bucket}/${record.buckets[0]?.manifest}`])).stdout).toBe(
        "upload_files/one file.txt\t5\n",
      );
    }
    const { object = "", bytes } = record.redis ?? {};
    const { stdout } = await backedUp.stores[0].mc(["--json", "stat", `store/${backups.bucket}/${object}`]);
    expect(JSON.parse(stdout)).toMatchObject({ size: bytes });
  });

  it.each(steps)('that is killed at "%s" lets writers go on, and the next run works', async (words) => {
    const program = startWriters();
    await program.printed(/progress: 1/);
    const held = await heldAt(words);
    held.kill();
    await held.ended;
    expect(await untilWritersGoOn(program)).toBeLessThanOrEqual(worst);
    await writersWereWell(program);
    succeeded(await freeze());
  });

  it("that is told to stop resumes at once", async () => {
    const held = await heldAt("marked in Redis");
    held.signal("TERM");
    held.signal("CONT");
    expect((await held.ended).exitCode).toBe(1);
    expect(held.output).toMatch(/resumed; writers waited/);
    expect(held.output).toContain("was told to stop. Nobody is held back any more, and no record is written");
  });

  it("lets writers go on when its volume is full, and says so", async () => {
    const program = startWriters();
    await program.printed(/progress: 2/);
    const result = await onSmallVolume(backedUp.outbox, 4, () => freeze());
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("No space left on device");
    await untilWritersGoOn(program);
    await writersWereWell(program);
  });

  it("gives up when a transaction does not end, and says where to look", async () => {
    const long = cluster.start("long", {
      argv: [
        "psql",
        "-XAtqc",
        "BEGIN; SELECT 'begun'",
        "-c",
        "SELECT pg_sleep(20)",
        "-c",
        "COMMIT; SELECT 'committed'",
      ],
      ...cluster.client("dify"),
    });
    await long.printed(/begun/);
    const result = await freeze();
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/not ready: the pooler at 127.0.4.1 did not answer in time.*pg_stat_activity/);
    expect(result.stdout).toMatch(/resumed; writers waited for [34]\./);
    expect((await long.ended).stdout).toContain("committed");
  });

  it("marks no instant while somebody writes past the poolers", async () => {
    const { env, files } = cluster.client("dify");
    const past = cluster.start("past", {
      argv: ["psql", "-XAtqc", "SELECT 'connected'", "-c", "SELECT pg_sleep(60)"],
      env: {
        ...env,
        PGHOST: hostOf("proxy", clusterOfTest),
        PGPORT: `${ports.proxy.primary}`,
        PGSSLMODE: "require",
        PGSSLROOTCERT: "",
      },
      files,
    });
    await past.printed(/connected/);
    const result = await freeze();
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/dify from .* is connected to the primary past the poolers/);
    past.kill();
    await cluster.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND usename = 'dify'",
    );
  });

  it("is not begun while another one is under way", async () => {
    const first = await heldAt("waiting until the log");
    const second = await freeze();
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toContain("another coordinated backup is under way");
    first.kill();
    await first.ended;
  });

  it("is not begun when the store's clock is ten minutes off", async () => {
    const clock = clockOf(processIn(cluster.running.get(storeHosts[0])?.pid ?? 0, "minio"));
    clock?.step(600);
    const result = await freeze();
    clock?.step(0);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(
      /the object store's clock is (599|600|601) s ahead of that of Postgres.*Set the nodes' clocks/,
    );
    expect(result.stdout).not.toContain("pausing");
  });

  it.each([
    [
      "the object store is away",
      () => ({ files: cluster.without(storeHosts[0]) }),
      /the object store at .* did not tell the time/,
    ],
    [
      "the console's password is wrong",
      () => ({ env: { POOLER_PASSWORD: "wrong" } }),
      /the pooler at 127.0.4.1:.*authentication failed/,
    ],
    ["the password of Redis is wrong", () => ({ env: { REDISCLI_AUTH: "wrong" } }), /WRONGPASS/],
    [
      "the key of a repository is another's",
      () => ({ env: { PGBACKREST_REPO1_CIPHER_PASS: "something else" } }),
      /pgBackRest cannot read repository 1/,
    ],
  ])("pauses nobody when %s, and says so", async (_, change, message) => {
    const result = await freeze(change());
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(message);
    expect(result.stdout).not.toContain("pausing");
  });

  it("pauses nobody when a pooler does not answer", async () => {
    cluster.running.get("pgbouncer-1")?.kill();
    await cluster.running.get("pgbouncer-1")?.ended;
    const result = await freeze();
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("the pooler at 127.0.4.2");
    expect(result.stdout).not.toContain("pausing");
  });
});

/** Process of that name among those that one has begun. */
function processIn(ancestor: number, name: string): number {
  const children = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const of = (parent: string): string[] =>
    children
      .filter(([, ppid]) => ppid === parent)
      .flatMap(([pid = "", , comm = ""]) => (comm === name ? [pid] : of(pid)));
  return Number(of(`${ancestor}`)[0]);
}
