import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paths } from "../../../components/postgres/layout.ts";
import { BackedUpCluster } from "../../support/backedUpCluster.ts";
import { usesDebian, type DebianResult } from "../../support/debian.ts";
import { execIn } from "../../support/execIn.ts";
import type { PostgresCluster } from "../../support/postgresCluster.ts";
import { storeHosts } from "../../support/postgresSample.ts";

usesDebian();

const members = ["postgres-0", "postgres-1", "postgres-2"];

/** Three members under Patroni, archived into two MinIO sites; the script as the coordinator calls it. One after another. */
describe("a member that is put back", { timeout: 600_000 }, () => {
  let backedUp: BackedUpCluster;
  let cluster: PostgresCluster;
  let instant: string;

  beforeAll(async () => {
    backedUp = await BackedUpCluster.start({});
    ({ cluster } = backedUp);
    await cluster.sql("CREATE TABLE notes (text text)");
    succeeded(await backedUp.run("postgres-full", "pgbackrest"));
    succeeded(await backedUp.run("postgres-offsite-full", "pgbackrest"));
    await cluster.sql("INSERT INTO notes VALUES ('before')");
    await cluster.sql("SELECT pg_create_restore_point('dify-one')");
    await cluster.sql("INSERT INTO notes VALUES ('after the point')");
    instant = await cluster.sql("SELECT clock_timestamp()");
    await cluster.sql("SELECT pg_sleep(1)");
    await cluster.sql("INSERT INTO notes VALUES ('after the instant')");
    await cluster.sql("SELECT pg_switch_wal()");
    await cluster.sql("SELECT pg_sleep(5)");
  }, 900_000);
  afterAll(() => backedUp.stop());

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  const notes = () => cluster.sql("SELECT string_agg(text, ',' ORDER BY text) FROM notes");

  async function script(
    argument: string,
    env: Record<string, string>,
    before: readonly string[] = [],
  ): Promise<DebianResult> {
    const name = (await cluster.leader()) || "postgres-0";
    const member = (one: string) => {
      const running = cluster.running.get(one);
      if (!running) throw new Error(`no ${one}`);
      return running;
    };
    for (const other of members.filter((each) => each !== name))
      succeeded(await execIn(member(other), ["sh", `${paths.scripts}/restore-member.sh`, "halt"]));
    return execIn(member(name), [...before, "sh", `${paths.scripts}/restore-member.sh`, argument], {
      REPOSITORY: "1",
      TARGET: "",
      TIMELINE: "latest",
      BACKUP: "",
      ...env,
    });
  }

  it("has what was there at a restore point, and all members follow it", async () => {
    const began = Date.now();
    const result = await script("run", { TYPE: "name", TARGET: "dify-one", TIMELINE: "1" });
    succeeded(result);
    process.stderr.write(`restored in ${(Date.now() - began) / 1000} s\n`);
    expect(await notes()).toBe("before");
    expect(await cluster.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")).toBe("2");
  });

  it("goes forward again from the second site, with the cluster's own dead", async () => {
    cluster.running.get(storeHosts[0])?.signal("STOP");
    const result = await script("run", { TYPE: "time", TARGET: instant, TIMELINE: "1", REPOSITORY: "2" });
    cluster.running.get(storeHosts[0])?.signal("CONT");
    succeeded(result);
    expect(await notes()).toBe("after the point,before");
  });

  it("is put back by the next run, wherever the last one was killed", async () => {
    const target = { TYPE: "name", TARGET: "dify-one", TIMELINE: "1" };
    for (const seconds of [2, 5, 8, 12]) {
      await script("run", target, ["timeout", "--signal=KILL", `${seconds}`]);
      // What it had begun may go on for a moment, and is not disturbed.
      while ((await script("state", {})).stdout.includes("state: running")) await delay(500);
    }
    succeeded(await script("run", target));
    expect(await notes()).toBe("before");
  });

  it("says which instant is not in the repository, and leaves the cluster as it was", async () => {
    const missing = await script("run", { TYPE: "name", TARGET: "dify-one", BACKUP: "20200101-000000F" });
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toContain("repository 1 has no backup 20200101-000000F; nothing was changed");
  });

  it("comes back in an empty cluster, whose own store is empty too", async () => {
    const lost = [storeHosts[0], ...["etcd", "postgres"].flatMap((name) => [0, 1, 2].map((i) => `${name}-${i}`))];
    for (const name of lost) {
      cluster.running.get(name)?.kill();
      await cluster.running.get(name)?.ended;
    }
    await backedUp.bringUpAgain();
    expect(await cluster.sql("SELECT to_regclass('notes') IS NULL")).toBe("t");
    succeeded(await script("run", { TYPE: "latest", REPOSITORY: "2" }));
    expect(await notes()).toBe("before");
    succeeded(await backedUp.run("postgres-check", "pgbackrest", { env: { REPOSITORIES: "" } }));
  });
});
