import { readFileSync } from "node:fs";
import { stopInOrder } from "../local/interrupt.ts";
import { ensureRootfs } from "../local/debian/rootfs.ts";
import { runInDebian } from "../local/debian/run.ts";
import { median } from "./rounds.ts";

/**
 * How fast a Postgres reads its log again: what a restore does after the base backup. The log is that of pgbench's transactions, in a folder of the same
 * machine: what fetching it from an object store takes is not in it. Median of `rounds`.
 */
const rounds = 3;
const script = readFileSync(new URL("replay.sh", import.meta.url), "utf8");

/** Megabytes of log, and the seconds of their replay by Postgres' own account. */
interface Replay {
  readonly megabytes: number;
  /** Of a processor: what it would take where nothing else runs and nothing waits for a disk. */
  readonly processor: number;
  readonly clock: number;
}

async function replay(): Promise<Replay> {
  const { exitCode, stdout, stderr } = await runInDebian({
    argv: ["/bench/replay.sh"],
    files: { "/bench/replay.sh": script },
    user: "postgres",
    env: { SCALE: "20", SECONDS_OF_LOAD: "20" },
    network: "own",
    timeoutSeconds: 600,
  });
  if (exitCode !== 0) throw new Error(stdout + stderr);
  const [bytes, user, system, clock] = stdout.trim().split(" ").map(Number) as [number, number, number, number];
  return { megabytes: bytes / 1e6, processor: user + system, clock };
}

stopInOrder();
await ensureRootfs(console.log);
const replays: Replay[] = [];
for (let round = 0; round < rounds; round++) {
  const measured = await replay();
  replays.push(measured);
  const { megabytes, processor, clock } = measured;
  console.log(
    `${megabytes.toFixed(0)} MB of log read again in ${clock.toFixed(2)} s, ${processor.toFixed(2)} s of a processor`,
  );
}
const rate = (of: "processor" | "clock") => median(replays.map((r) => r.megabytes / r[of])).toFixed(0);
console.log(`median: ${rate("clock")} MB/s by the clock, ${rate("processor")} MB a second of a processor`);
