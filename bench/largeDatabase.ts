import { ensureRootfs } from "../local/debian/rootfs.ts";
import { stopInOrder } from "../local/interrupt.ts";
import { ensurePrograms } from "../local/prepare.ts";
import { BackedUpCluster } from "../test/support/backedUpCluster.ts";
import type { DebianResult } from "../test/support/debian.ts";

/** pgbench's accounts compress well, the sums of rows do not. About 1.3 GB together. */
const scale = 60;
const rows = 5_000_000;

/** What a program printed. @throws Error with all of it when it failed */
export function output({ exitCode, stdout, stderr }: DebianResult): string {
  if (exitCode !== 0) throw new Error(stdout + stderr);
  return stdout.trim();
}

/** Dify's database, as the superuser has it. */
export class LargeDatabase {
  private readonly backedUp: BackedUpCluster;

  constructor(backedUp: BackedUpCluster) {
    this.backedUp = backedUp;
  }

  /** Runs a program that finds the database by libpq's variables. What it leaves in /outbox stays. */
  async run(...argv: [string, ...string[]]): Promise<string> {
    const { cluster, outbox } = this.backedUp;
    const { env, ...superuser } = cluster.superuser();
    const folders = { "/outbox": outbox };
    return output(
      await cluster.run({ argv, ...superuser, env: { ...env, PGDATABASE: "dify" }, folders, timeoutSeconds: 900 }),
    );
  }

  sql(statement: string): Promise<string> {
    return this.run("psql", "-XAtqv", "ON_ERROR_STOP=1", "-c", statement);
  }

  /** Fills it, and says how large it is. */
  async fill(): Promise<void> {
    console.log("Filling the database");
    await this.sql(
      `CREATE TABLE sums AS SELECT n, md5(n::text) || md5((n + 1)::text) AS sum FROM generate_series(1, ${rows}) n`,
    );
    await this.run("/usr/lib/postgresql/17/bin/pgbench", "-i", "-q", `-s${scale}`);
    const bytes = Number(await this.sql("SELECT pg_database_size('dify')"));
    console.log(`${(bytes / 1e9).toFixed(2)} GB`);
  }

  /** Waits for log that is still on its way: the next backup would. */
  async archived(): Promise<void> {
    output(await this.backedUp.run("postgres-check", "pgbackrest", { env: { REPOSITORIES: "" } }));
  }
}

/** Runs a bench on a cluster that is backed up at two sites, with room for the large database, and stops it, whatever happens. */
export async function withBackedUpCluster(bench: (backedUp: BackedUpCluster) => Promise<void>): Promise<void> {
  stopInOrder();
  await ensurePrograms(["etcd", "minio"]);
  await ensureRootfs(console.log);
  const backedUp = await BackedUpCluster.start({
    postgres: { storage: "20Gi", resources: { cpu: "2", memory: "2Gi" } },
  });
  try {
    await bench(backedUp);
  } finally {
    await backedUp.stop();
  }
}
