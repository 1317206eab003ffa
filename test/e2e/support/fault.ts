import { setTimeout as sleep } from "node:timers/promises";
import { reportTable, startWorkload, type Report, type Workload } from "../workload/workload.ts";
import { recordFigures, type Figures } from "./figures.ts";
import { minio } from "./minio.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import type { Seen, Watch } from "./splitBrain.ts";
import type { Stack } from "./stack.ts";
import { tidy } from "./tidy.ts";
import { until } from "./waiting.ts";

/** What is broken: whose gap counts, how two writable servers are found, and how one sees that it is whole. */
export interface Subject {
  /** Streams of the workload whose longest gap is the gap of writes, and of reads. */
  readonly writes: readonly (keyof Report["streams"])[];
  readonly reads: readonly (keyof Report["streams"])[];
  /** Begins to look for two writable servers. */
  watch(stack: Stack): Watch;
  /** What is not as it should be, in words; empty when it is whole. */
  problems(stack: Stack): Promise<readonly string[]>;
}

export interface Fault {
  /** As the table of figures names it. */
  readonly name: string;
  readonly subject: Subject;
  /** The node that the fault takes, on which the workload must not run. */
  readonly avoid?: string;
  /** Breaks something. Returns as soon as it is broken. */
  inject(workload: Workload): Promise<void>;
  /** What must be seen while it is broken, besides writes that go on. */
  meanwhile?(): Promise<void>;
  /** Ends the fault, where it does not end by itself: power back, link back, space freed. */
  end?(): Promise<void>;
}

/** How long writes may take to go on before the test gives up, in seconds: far above every bar, so that the true figure is seen. */
const patience = 120;
/** How long everything may take to be whole again before the test gives up, in seconds. */
const healingPatience = 180;

/**
 * Breaks something under load, and measures: the workload runs, two writable servers are looked for all the time, the fault ends when
 * writes have gone on, and all must heal by itself. Figures are recorded also when they miss a bar.
 */
export async function endure(stack: Stack, fault: Fault): Promise<Figures> {
  const { name, subject } = fault;
  await tidy(stack);
  await until(() => problems(stack), "a whole stack to begin with", 180);
  const workload = await startWorkload({
    kubeconfig: stack.kubeconfig,
    ...(fault.avoid !== undefined && { avoid: fault.avoid }),
  });
  try {
    await writesGoOn(workload, subject);
    await sleep(5000);
    const watch = subject.watch(stack);
    try {
      return await measure(stack, fault, workload, watch);
    } finally {
      await watch.stop();
    }
  } finally {
    tell(`${name}: removing the workload`);
    await workload.remove();
    await tidy(stack);
  }
}

async function measure(stack: Stack, fault: Fault, workload: Workload, watch: Watch): Promise<Figures> {
  const { name, subject } = fault;
  tell(`${name}: begins`);
  await workload.mark(`${name}: begins`);
  await fault.inject(workload);
  await fault.meanwhile?.();
  await writesGoOn(workload, subject);
  await fault.end?.();
  await workload.mark(`${name}: ended`);
  tell(`${name}: ended, writes go on`);
  let last: readonly string[] = [];
  const look = async () => {
    const found = await problems(stack);
    if (found.length > 0) last = found;
    return found;
  };
  const healedAfter = await until(look, "healed without a hand", healingPatience);
  tell(`${name}: healed after ${healedAfter.toFixed(1)} s, of which the last was: ${last.join("; ") || "nothing"}`);
  await sleep(2000);
  const report = await workload.report();
  tell(reportTable(report));
  return figuresOf(fault, report, healedAfter, await watch.stop());
}

function figuresOf(fault: Fault, report: Report, healedAfter: number, seen: Seen): Figures {
  const streams = Object.values(report.streams);
  const longest = (names: readonly (keyof Report["streams"])[]) =>
    Math.max(0, ...names.map((stream) => report.streams[stream].longestGapSeconds));
  const sum = (of: (stream: (typeof streams)[number]) => number) => streams.reduce((n, stream) => n + of(stream), 0);
  const concerned = [...fault.subject.writes, ...fault.subject.reads].map((stream) => report.streams[stream]);
  const figures: Figures = {
    fault: fault.name,
    at: new Date().toISOString(),
    writeGap: longest(fault.subject.writes),
    readGap: longest(fault.subject.reads),
    errors: concerned.reduce((n, { errors }) => n + errors, 0),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    lost: sum(({ lost }) => lost),
    ...seen,
    healedAfter,
  };
  recordFigures(figures);
  return figures;
}

/**
 * What is not as it should be in all of the stack. A lost node has a part of everything: while one part is not back, the next fault would be
 * a second one, and what MinIO has put on too few drives cannot be read for sure.
 */
async function problems(stack: Stack): Promise<readonly string[]> {
  const found = await Promise.all([postgres, redis, minio].map((subject) => subject.problems(stack)));
  return found.flat();
}

/** Waits until each stream of writes has gone on for a while. */
async function writesGoOn(workload: Workload, { writes }: Subject): Promise<void> {
  const since = new Date();
  await until(
    async () => {
      const { lastSuccess } = await workload.gap(since);
      // Three seconds of it, and not by one request that was still under way.
      return writes.filter((stream) => {
        const last = lastSuccess[stream];
        return !last || last.getTime() < since.getTime() + 3000 || Date.now() - last.getTime() > 1500;
      });
    },
    "writes that go on",
    patience,
  );
}

/** Progress of a run of minutes, as it happens. */
export function tell(message: string): void {
  process.stderr.write(`${message}\n`);
}
