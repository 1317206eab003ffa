import { setTimeout as sleep } from "node:timers/promises";
import type { RealNode } from "../../../local/cluster/nodes/real/topology.ts";
import { pidsIn } from "./processes.ts";
import type { Stack } from "./stack.ts";
import { clockOf } from "./vdso.ts";

/** Milliseconds between two looks for processes that have begun since. */
const lookAgain = 100;

/** A clock that is wrong until it is set right. */
export interface SteppedClock {
  setRight(): Promise<void>;
}

/**
 * Steps the time of day of a node: all of its processes, and those that begin later, see a clock that is so many seconds ahead. Their
 * monotonic clocks go on, as they do when ntpd or a person steps a real one.
 */
export function stepClock(stack: Stack, name: string, seconds: number): SteppedClock {
  const node = stack.nodes.find((candidate) => candidate.name === name);
  if (!node) throw new Error(`There is no node ${name}.`);
  const stepped = new Set<number>();
  let right = false;
  const stepAll = () => {
    for (const pid of processesOn(node).filter((each) => !stepped.has(each)))
      if (unlessEnded(() => clockOf(pid)?.step(seconds))) stepped.add(pid);
  };
  stepAll();
  const looking = (async () => {
    while (!right) {
      await sleep(lookAgain);
      if (!right) stepAll();
    }
  })();
  return {
    async setRight() {
      right = true;
      await looking;
      setClocksRight([node]);
    },
  };
}

/** Sets right what `stepClock` stepped on these nodes, also in a run that was interrupted. */
export function setClocksRight(nodes: readonly RealNode[]): void {
  for (const pid of nodes.flatMap(processesOn))
    unlessEnded(() => {
      const clock = clockOf(pid);
      if (clock?.replaced) clock.step(0);
    });
}

/** Processes of a node, in its pods and beside them. */
const processesOn = ({ cgroup }: RealNode): number[] => pidsIn(`${cgroup}/`);

/** @returns whether it was done: a process may end at any time, and the kernel's own threads have no memory. */
function unlessEnded(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EIO") return false;
    throw error;
  }
}
