import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { names, paths } from "../../../components/postgres/layout.ts";
import { podsOf, type Pod } from "./kubernetes.ts";
import { anyTwoAtOnce, longestSilence, type Sample } from "./overlap.ts";
import { enter } from "./processes.ts";
import type { Stack } from "./stack.ts";

/** For how many seconds two servers were writable at once. */
export interface SplitBrain {
  /** Both would have begun to carry out a write. A leader that is cut off looks like this until it notices. */
  readonly open: number;
  /** Both told clients that writes were safe: one of them is going to be lost. */
  readonly acknowledged: number;
}

/** What was seen of the servers themselves. */
export interface Seen {
  readonly splitBrain: SplitBrain;
  /** Longest time in which no server acknowledged a write, in seconds: what clients add to it is their own. Not there when none was asked. */
  readonly serverGap?: number;
}

/** Looks for two writable servers until it is stopped. */
export interface Watch {
  stop(): Promise<Seen>;
}

const script = readFileSync(new URL("watchMember.py", import.meta.url), "utf8");
type Kind = "open" | "acknowledged";

/** Milliseconds between two looks for members whose container has come back. */
const lookAgain = 2000;

type Program = ReturnType<typeof enter>;

/** Asks every member of Patroni's cluster all the time. */
export function watchPostgres(stack: Stack): Watch {
  return watchServers(stack, names.members, (pod) => enter(pod, "postgres", ["python3", "-c", script, paths.sockets]));
}

/** Asks every pod of a workload all the time, by a program inside the pod that prints a sample a line. */
export function watchServers(stack: Stack, workload: string, ask: (pod: Pod) => Program): Watch {
  const samples: Record<Kind, Map<string, Sample[]>> = { open: new Map(), acknowledged: new Map() };
  const asking = new Map<string, Program>();
  let stopped = false;

  const follow = (pod: Pod) => {
    const program = startOrNone(() => ask(pod));
    if (!program) return;
    asking.set(pod.name, program);
    const { stdout } = program;
    if (stdout)
      createInterface(stdout).on("line", (line) => {
        const { kind, ...sample } = JSON.parse(line) as Sample & { readonly kind: Kind };
        const known = samples[kind].get(pod.name);
        if (known) known.push(sample);
        else samples[kind].set(pod.name, [sample]);
      });
    void program.then(() => asking.delete(pod.name));
  };

  const looking = (async () => {
    while (!stopped) {
      // The API server may be out of reach for a moment too.
      const pods = await podsOf(stack, workload).catch(() => []);
      if (!stopped) for (const pod of pods) if (!asking.has(pod.name)) follow(pod);
      await sleep(lookAgain);
    }
  })();

  return {
    async stop() {
      stopped = true;
      await looking;
      // It ends as soon as nobody reads what it says; a signal would end nsenter alone.
      const programs = [...asking.values()];
      for (const { stdout } of programs) stdout?.destroy();
      await Promise.all(programs);
      const [open, acknowledged] = [[...samples.open.values()], [...samples.acknowledged.values()]];
      return {
        splitBrain: { open: anyTwoAtOnce(open), acknowledged: anyTwoAtOnce(acknowledged) },
        serverGap: longestSilence(acknowledged),
      };
    },
  };
}

function startOrNone(start: () => Program): Program | undefined {
  try {
    return start();
  } catch {
    return undefined; // Its container does not run at the moment.
  }
}
