import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paths, scope } from "../../../components/postgres/layout.ts";
import { backupsFolder, memberRepositoryConfig } from "../../../components/postgres/pgbackrestConfig.ts";
import { evidence } from "../../../runbooks/status/evidence.ts";
import { waitingLogSql } from "../../../runbooks/status/waitingLog.ts";
import { BackedUpCluster, type Change } from "../../support/backedUpCluster.ts";
import { backups } from "../../support/backupStore.ts";
import { usesDebian, type DebianResult } from "../../support/debian.ts";
import { listed } from "../../support/listing.ts";
import type { PostgresCluster } from "../../support/postgresCluster.ts";
import { storeHosts } from "../../support/postgresSample.ts";
import { onSmallVolume } from "../../support/smallVolume.ts";

usesDebian();

/** How mc words a refusal. */
const refused = /Access Denied|Insufficient permissions|WORM protected|locked/i;

/** What the loss of a whole site may cost (B1), in seconds. */
const site = 60;

/** Postgres under Patroni with two MinIO sites, and the jobs as the program declares them, run for real. One after another. */
describe("backups of a Postgres cluster", { timeout: 240_000 }, () => {
  let backedUp: BackedUpCluster;
  let cluster: PostgresCluster;

  beforeAll(async () => {
    backedUp = await BackedUpCluster.start({});
    ({ cluster } = backedUp);
  }, 300_000);
  afterAll(() => backedUp.stop());

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  const run = (job: string, container: string, change?: Change) => backedUp.run(job, container, change);
  const base = (kind: string, change?: Change) => run(`postgres-${kind}`, "pgbackrest", change);
  const asDify = async (sql: string) => {
    const result = await cluster.run({ argv: ["psql", "-XAtqc", sql], ...cluster.client("dify") });
    succeeded(result);
    return result.stdout.trim();
  };

  it("takes a full backup from a standby, and what has changed since", async () => {
    await asDify("CREATE TABLE kept AS SELECT n, md5(n::text) AS text FROM generate_series(1, 50000) n");
    const full = await base("full");
    succeeded(full);
    expect(full.stdout).toMatch(/wait for replay on the standby/);
    expect(full.stdout).toMatch(/full backup: \d{8}-\d{6}F/);
    await asDify("UPDATE kept SET text = 'changed' WHERE n = 1");
    expect((await base("incremental")).stdout).toMatch(/incr backup: \d{8}-\d{6}F_\d{8}-\d{6}I/);
    expect((await base("offsite-full")).stdout).toMatch(/repo2: s3|full backup: /);
  });

  it("finds the log whole and everything readable", async () => {
    const result = await run("postgres-check", "pgbackrest");
    succeeded(result);
    expect(result.stdout).toContain("the log is whole, arrives, and can be read");
  });

  it("waits for another backup of the same cluster, and names it when that takes too long", async () => {
    const other = cluster.start("other backup", backedUp.program("postgres-full", "pgbackrest"));
    await other.printed(/backup start archive/);
    const impatient = await base("incremental", { env: { WAIT_SECONDS: "0" } });
    expect(impatient.exitCode).toBe(1);
    expect(impatient.stderr).toContain("another backup of this cluster was still running");
    succeeded(await base("incremental"));
    expect((await other.ended).exitCode).toBe(0);
  });

  it("goes on after a backup that was killed", async () => {
    for (const signal of ["TERM", "KILL"] as const) {
      const killed = cluster.start("killed backup", backedUp.program("postgres-full", "pgbackrest"));
      await killed.printed(/backup start archive/);
      killed.signal(signal);
      await killed.ended;
      if (signal === "TERM") expect(killed.output).toContain("was told to stop");
    }
    expect(await cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgBackRest%'")).toBe(
      "0",
    );
    succeeded(await base("full"));
  });

  it("says what is missing when a segment is gone, until a base backup has made it good", async () => {
    await cluster.sql("SELECT pg_switch_wal(), pg_sleep(3)");
    await cluster.sql("CREATE TABLE more (); SELECT pg_switch_wal(), pg_sleep(3)");
    await cluster.sql("DROP TABLE more; SELECT pg_switch_wal(), pg_sleep(3)");
    const listing = (
      await backedUp.stores[0].mc(["find", `store/${backups.bucket}/pgbackrest/archive`, "--name", "0*.zst"])
    ).stdout;
    const victim = listing.trim().split("\n").toSorted().at(-2) ?? "";
    succeeded(await backedUp.stores[0].mc(["rm", victim], { user: "backups" }));
    const result = await run("postgres-check", "pgbackrest");
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`${victim.split("/").at(-1)?.slice(0, 24)} to`);
    expect(result.stderr).toContain("repository 1 lacks log");
    expect(result.stderr).not.toContain("repository 2 lacks log");
    succeeded(await base("incremental"));
    succeeded(await run("postgres-check", "pgbackrest"));
  });

  it("says which repository holds damaged files", async () => {
    const [, offsite] = backedUp.stores;
    const folder = `store/${backups.bucket}/pgbackrest/backup`;
    const victim = (await offsite.mc(["find", folder, "--regex", "bundle/1$"])).stdout.trim().split("\n")[0] ?? "";
    const stat = JSON.parse((await offsite.mc(["--json", "stat", victim])).stdout) as { versionID: string };
    succeeded(await offsite.mc(["pipe", victim], { stdin: "not what it was" }));
    const hasty = { env: { PGBACKREST_IO_TIMEOUT: "2" } };
    const result = await run("postgres-check", "pgbackrest", hasty);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("repository 2 holds files that are damaged or missing");
    // What was overwritten is still there: that is what versions are for.
    succeeded(await offsite.mc(["cp", "--version-id", stat.versionID, victim, victim]));
    succeeded(await run("postgres-check", "pgbackrest"));
  });

  it.each([
    [
      "the second site is away",
      "offsite-incremental",
      () => ({ env: { PGBACKREST_IO_TIMEOUT: "2" }, files: cluster.without("offsite.test") }),
      /unable to connect to 'offsite.test:9000/,
    ],
    ["the key is another's", "full", () => ({ env: { PGBACKREST_REPO1_CIPHER_PASS: "something else" } }), /cipher/],
    ["the access key has expired", "full", () => ({ env: { PGBACKREST_REPO1_S3_KEY_SECRET: "expired" } }), /403/],
  ])("says so when %s", async (_, kind, change, message) => {
    const result = await base(kind, change());
    expect(result.exitCode).toBe(1);
    expect(result.stdout + result.stderr).toMatch(message);
    expect(result.stderr).toContain("the reason stands above");
  });

  it("dumps both databases and the roles, and carries them to both sites, encrypted", async () => {
    succeeded(await run("postgres-dump", "dump"));
    const uploaded = await run("postgres-dump", "upload");
    succeeded(uploaded);
    for (const store of backedUp.stores) {
      const listing = (await store.mc(["find", `store/${backups.bucket}/dumps`])).stdout;
      expect(listing).toMatch(/dumps\/\d{8}T\d{6}Z\/SHA256SUMS\.bin/);
      expect(listing).toMatch(/dify\/toc\.dat\.bin/);
      expect(listing).toMatch(/dify_plugin\/toc\.dat\.bin/);
      const roles = listing.split("\n").find((line) => line.endsWith("roles.sql.bin")) ?? "";
      expect((await store.mc(["cat", roles])).stdout).toMatch(/^RCLONE/);
    }
  });

  it("says so when the volume of a dump is full, and leaves nothing to upload", async () => {
    const result = await onSmallVolume(backedUp.outbox, 64, () => run("postgres-dump", "dump"));
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("No space left on device");
    expect(result.stderr).toMatch(/database dify could not be dumped, the reason stands above/);
  });

  it("leaves what the status of backups looks for, newest log and all", async () => {
    // A segment in which nothing was written is not closed.
    await cluster.sql("SELECT pg_create_restore_point('status'); SELECT pg_switch_wal()");
    const closed = Date.now();
    const waiting = async () => Number(await cluster.sql(waitingLogSql));
    await expect.poll(waiting, { timeout: 30_000 }).toBe(0);
    for (const store of backedUp.stores) {
      const { stdout } = await store.mc(["--json", "ls", "--recursive", `store/${backups.bucket}`]);
      const listing = listed(stdout);
      const there = { backups: listing, catalogue: listing, edges: [], postgresBackups: backupsFolder, copied: [] };
      const found = await Promise.all((["postgres", "base", "dump"] as const).map((each) => evidence[each](there)));
      const [log, base, dump] = found.map((each) => each?.instant.getTime() ?? 0);
      // Rounded to the second by mc.
      expect(log).toBeGreaterThan(closed - 5000);
      expect(base).toBeGreaterThan(closed - 600_000);
      expect(dump).toBeGreaterThan(closed - 600_000);
    }
  });

  it("keeps what is in a bucket of backups from its own user, and from the administrator", async () => {
    for (const store of backedUp.stores) {
      const listing = await store.mc(["--json", "ls", "--recursive", "--versions", `store/${backups.bucket}/dumps`]);
      const { key, versionId } = JSON.parse(listing.stdout.split("\n")[0] ?? "") as { key: string; versionId: string };
      expect(versionId).toMatch(/^[0-9a-f-]{36}$/);
      const path = `store/${backups.bucket}/dumps/${key}`;
      for (const options of [{ user: "backups" }, {}])
        expect((await store.mc(["rm", "--version-id", versionId, path], options)).stderr).toMatch(refused);
      const shorter = await store.mc(["retention", "set", "COMPLIANCE", "1d", path], { user: "backups" });
      expect(shorter.stderr).toMatch(refused);
    }
  });

  it("restores an acknowledged row after the loss of the whole site, from the second one", async () => {
    // It waits for longest when its segment has just begun.
    await cluster.sql("SELECT pg_switch_wal()");
    await asDify("INSERT INTO kept VALUES (-1, 'written before the loss')");
    await delay(site * 1000);
    for (const [name, server] of cluster.running) if (name !== storeHosts[1]) server.kill();
    const restored = await restoreOffsite();
    succeeded(restored);
    expect(restored.stdout.trim().split("\n").at(-1)).toBe("50001 written before the loss");
  });

  /** Restores the second repository into an empty folder of a host that has nothing else, and asks the server that starts there. */
  function restoreOffsite(): Promise<DebianResult> {
    const { env, files } = backedUp.program("postgres-full", "pgbackrest");
    return cluster.run({
      argv: ["/opt/restore"],
      user: "postgres",
      env: env ?? {},
      files: {
        ...files,
        [`${paths.repository}/pgbackrest.conf`]: memberRepositoryConfig(cluster.settings, cluster.places),
        [`${paths.volume}/.keep`]: "",
        "/opt/restore": restoreScript,
      },
      timeoutSeconds: 200,
    });
  }
});

const restoreScript = `#!/bin/sh
set -eu
export PATH=/usr/lib/postgresql/17/bin:$PATH
pgbackrest --stanza=${scope} --repo=2 --archive-mode=off restore
options="-c unix_socket_directories=/tmp -c listen_addresses= -c ssl=off"
pg_ctl -D ${paths.data} -w -t 60 -l /tmp/log -o "$options" start >&2 || { cat /tmp/log >&2; exit 1; }
ask() { psql -XAt -h /tmp -U postgres -d dify -F ' ' -c "$1"; }
tries=60
until [ "$(ask 'SELECT pg_is_in_recovery()')" = f ]; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { cat /tmp/log >&2; exit 1; }
  sleep 1
done
ask "SELECT count(*), min(text) FILTER (WHERE n = -1) FROM kept"
pg_ctl -D ${paths.data} -m immediate stop >&2
`;
