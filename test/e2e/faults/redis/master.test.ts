import { beforeAll, describe, expect, it } from "vitest";
import { expectUnharmed } from "../../support/bars.ts";
import { endure, type Fault } from "../../support/fault.ts";
import { deletePod, type Pod } from "../../support/kubernetes.ts";
import { powerCut } from "../../support/nodes.ts";
import { killContainer } from "../../support/processes.ts";
import { masterPod, redis } from "../../support/redis.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** Bar of H3, in seconds, at the default settings. */
const bar = 7;

describe("the master of Redis", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  async function endureWithout(name: string, fault: (master: Pod) => Pick<Fault, "avoid" | "inject" | "end">) {
    const master = await masterPod(stack);
    const figures = await endure(stack, { name, subject: redis, ...fault(master) });
    expectUnharmed(figures, { writeGap: bar });
    return master;
  }

  it("is replaced when it is killed, and follows when it comes back", async () => {
    const killed = await endureWithout("Redis master killed", (master) => ({
      inject: () => Promise.resolve(killContainer(master, "redis")),
    }));
    expect((await masterPod(stack)).name).not.toBe(killed.name);
  });

  it("hands over when its pod is deleted", async () => {
    await endureWithout("Redis master's pod deleted", (master) => ({ inject: () => deletePod(stack, master.name) }));
  });

  it("is replaced when its node loses power: nobody is told, and no client waits for the dead one", async () => {
    await endureWithout("Redis master's node lost", ({ node }) => powerCut(stack, node));
  });
});
