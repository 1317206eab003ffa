import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { expectUnharmed } from "../support/bars.ts";
import { stepClock, type SteppedClock } from "../support/clock.ts";
import { endure } from "../support/fault.ts";
import type { Pod } from "../support/kubernetes.ts";
import { leaderPod, sql } from "../support/patroni.ts";
import { postgres } from "../support/postgres.ts";
import { redis, masterPod, serverTime } from "../support/redis.ts";
import { runningStack, type Stack } from "../support/stack.ts";

/** Seconds by which the clock is ahead, and for which it stays so: longer than any lock or patience lasts. */
const step = 60;
const lasting = 30;
/** Nobody's work depends on the time of day; in seconds, and what a busy machine may add. */
const bar = 2;

const postgresTime = async (pod: Pod) => Number(await sql(pod, "SELECT extract(epoch FROM clock_timestamp())"));

describe.runIf(process.arch === "x64")(`a clock that steps by ${step} s, and back`, () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it.each([
    ["Postgres' leader", postgres, leaderPod, postgresTime],
    ["Redis' master", redis, masterPod, serverTime],
  ])("on the node of %s is not noticed", async (whose, subject, find, timeOf) => {
    const pod = await find(stack);
    let clock: SteppedClock | undefined;
    const figures = await endure(stack, {
      name: `clock step of ${step} s, ${whose}`,
      subject,
      // Its own clock measures.
      avoid: pod.node,
      inject: () => {
        clock = stepClock(stack, pod.node, step);
        return Promise.resolve();
      },
      meanwhile: async () => {
        expect(Math.round((await timeOf(pod)) - Date.now() / 1000), "seconds ahead").toBeCloseTo(step, -1);
        await sleep(lasting * 1000);
        expect((await find(stack)).name, "who leads").toBe(pod.name);
      },
      end: () => clock?.setRight() ?? Promise.resolve(),
    });
    expectUnharmed(figures, { writeGap: bar });
  });
});
