import { setTimeout as delay } from "node:timers/promises";
import { paths } from "../components/postgres/layout.ts";
import { plainTable } from "../local/table.ts";
import type { BackedUpCluster } from "../test/support/backedUpCluster.ts";
import type { RunningProgram } from "../test/support/debian.ts";
import { execIn } from "../test/support/execIn.ts";
import { storeHosts } from "../test/support/postgresSample.ts";
import { writer } from "../test/support/writer.ts";
import { LargeDatabase, output, withBackedUpCluster } from "./largeDatabase.ts";

/**
 * `make bench`: the loss of the site under a writer. All but the second site is killed, and Postgres put back from there into an empty cluster, with
 * what was lost and what each part took; beside it, pg_restore of a dump of the same database on the same processors.
 */
const parallel = 2;

/** Rows acknowledged so long before the loss must come back. In seconds. */
const bar = 60;

/** A line of a program, and when it was printed. */
interface Line {
  readonly at: number;
  readonly text: string;
}

const acknowledged = (program: RunningProgram): number[] =>
  [...program.output.matchAll(/^wrote (\d+)\.$/gm)].map(([, n]) => Number(n));

/** Kills everything but the second site, at once. */
async function loseSite({ cluster }: BackedUpCluster): Promise<void> {
  const lost = [storeHosts[0], ...["etcd", "postgres"].flatMap((name) => [0, 1, 2].map((i) => `${name}-${i}`))];
  const programs = lost.flatMap((name) => cluster.running.get(name) ?? []);
  for (const program of programs) program.kill();
  await Promise.all(programs.map((program) => program.ended));
}

/** Runs the restore on the leader of the empty cluster, with the others halted; each line with its time. */
async function putBack({ cluster }: BackedUpCluster): Promise<Line[]> {
  const leader = (await cluster.leader()) || "postgres-0";
  const member = (name: string) => cluster.running.get(name) as RunningProgram;
  const script = `${paths.scripts}/restore-member.sh`;
  for (const other of ["postgres-0", "postgres-1", "postgres-2"].filter((name) => name !== leader))
    output(await execIn(member(other), ["sh", script, "halt"]));
  const timed = `set -o pipefail; sh ${script} run 2>&1 | while IFS= read -r line; do echo "$(date +%s.%N) $line"; done`;
  const env = { TYPE: "latest", TARGET: "", TIMELINE: "latest", BACKUP: "", REPOSITORY: "2" };
  const printed = output(await execIn(member(leader), ["bash", "-c", timed], env));
  return printed.split("\n").map((line) => ({
    at: Number(line.slice(0, line.indexOf(" "))),
    text: line.slice(line.indexOf(" ") + 1),
  }));
}

/** Seconds from one of the script's lines to another. */
function between(lines: readonly Line[], from: string, to: string): number {
  const at = (text: string) => lines.find((line) => line.text.startsWith(`restore-member: ${text}`))?.at ?? Number.NaN;
  return at(to) - at(from);
}

async function bench(backedUp: BackedUpCluster): Promise<void> {
  const { cluster } = backedUp;
  const database = new LargeDatabase(backedUp);
  await database.fill();
  await database.run("pg_dump", "-Fd", `-j${parallel}`, "-f", "/outbox/dump");
  output(await backedUp.run("postgres-offsite-full", "pgbackrest"));
  await database.sql("CREATE TABLE written (n int); GRANT INSERT ON written TO dify");
  const { env, files } = cluster.client("dify");
  const writing = cluster.start("writer", { argv: ["python3", "-c", writer], env, files });
  await delay(bar * 1000);
  const mustReturn = acknowledged(writing);
  await delay(bar * 1000);
  await loseSite(backedUp);
  const all = acknowledged(writing);
  writing.kill();
  console.log("The site is lost; a new, empty cluster starts");

  await backedUp.bringUpAgain();
  const lines = await putBack(backedUp);
  const back = new Set((await database.sql("SELECT n FROM written")).split("\n").map(Number));
  const lost = (rows: readonly number[]) => rows.filter((n) => !back.has(n)).length;
  await database.sql("CREATE DATABASE trial");
  const began = performance.now();
  await database.run("pg_restore", `-j${parallel}`, "-d", "trial", "/outbox/dump");
  const logical = (performance.now() - began) / 1000;

  const physical = between(lines, "restoring from", "starting Postgres under Patroni");
  const seconds = (value: number) => `${value.toFixed(1)} s`;
  console.log(
    plainTable(
      ["", ""],
      [
        ["rows acknowledged", `${all.length}, of which ${lost(all)} are lost`],
        [
          `acknowledged ${bar} s and more before the loss`,
          `${mustReturn.length}, of which ${lost(mustReturn)} are lost`,
        ],
        ["base backup fetched", seconds(between(lines, "restoring from", "reading the log"))],
        ["log read, and promoted", seconds(between(lines, "reading the log", "starting Postgres under Patroni"))],
        ["under Patroni", seconds(between(lines, "starting Postgres under Patroni", "copying to"))],
        ["copied to the other members", seconds(between(lines, "copying to", "resuming Patroni"))],
        ["all of it", seconds(between(lines, "pausing Patroni", "done"))],
        [`pg_restore -j${parallel}`, seconds(logical)],
        ["physical restore of the primary", `${(logical / physical).toFixed(1)} times as fast as pg_restore`],
      ],
    ),
  );
  if (lost(mustReturn) > 0) process.exitCode = 1;
}

await withBackedUpCluster(bench);
