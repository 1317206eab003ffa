import Table from "cli-table3";
import type { BackedUpCluster } from "../test/support/backedUpCluster.ts";
import { LargeDatabase, output, withBackedUpCluster } from "./largeDatabase.ts";
import { measure } from "./rounds.ts";

/**
 * `make bench`: base backups of a database of more than 1 GB, from a standby into a locked bucket over TLS, beside `pg_dump | gzip` of the same
 * database on the same processors.
 */
const rounds = 3;

async function bench(backedUp: BackedUpCluster): Promise<void> {
  const { cluster } = backedUp;
  const database = new LargeDatabase(backedUp);
  await database.fill();

  let dumped = 0;
  const dump = async () => {
    const pipe = "pg_dump dify | gzip | wc -c";
    dumped = Number(await database.run("bash", "-o", "pipefail", "-c", pipe));
  };
  await database.archived();
  const base = async (kind: string) => void output(await backedUp.run(`postgres-${kind}`, "pgbackrest"));
  const measured = await measure(
    [
      { name: "pg_dump | gzip", run: dump },
      { name: "full backup", run: () => base("full") },
      {
        name: "incremental, every 20th row changed",
        prepare: async () => {
          await database.sql("UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid % 20 = 0; CHECKPOINT");
          await database.archived();
        },
        run: () => base("incremental"),
      },
    ],
    rounds,
  );
  const info = output(
    await cluster.run({
      ...backedUp.program("postgres-full", "pgbackrest"),
      argv: ["pgbackrest", "--stanza=dify", "--repo=1", "--output=json", "info"],
    }),
  );
  const [{ backup }] = JSON.parse(info) as [{ backup: { type: string; info: { repository: { delta: number } } }[] }];
  const stored = (type: string) => backup.findLast((b) => b.type === type)?.info.repository.delta ?? Number.NaN;
  const sizes = [dumped, stored("full"), stored("incr")];
  const table = new Table({ head: ["median", "time", "as fast as a dump", "stored"], style: { head: [], border: [] } });
  const [first] = measured;
  for (const [i, { name, seconds }] of measured.entries())
    table.push([
      name,
      `${seconds.toFixed(1)} s`,
      `${((first?.seconds ?? Number.NaN) / seconds).toFixed(1)} times`,
      `${((sizes[i] ?? 0) / 1e6).toFixed(0)} MB, ${((sizes[i] ?? 0) / dumped).toFixed(2)}`,
    ]);
  console.log(table.toString());
}

await withBackedUpCluster(bench);
