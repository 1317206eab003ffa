import { beforeAll, describe, it } from "vitest";
import { expectUnharmed } from "../../support/bars.ts";
import { endure } from "../../support/fault.ts";
import { leaderPod } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { killContainer, killProcesses } from "../../support/processes.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** Bar of H2 for a crash, in seconds. */
const bar = 5;

describe("what dies on the leader is replaced", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it("when Postgres is killed", async () => {
    const figures = await endure(stack, {
      name: "postgres killed",
      subject: postgres,
      inject: async () => killProcesses(await leaderPod(stack), "postgres", /\/postgres -D /),
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it("when Patroni is killed, and Postgres with its container", async () => {
    const figures = await endure(stack, {
      name: "Patroni killed",
      subject: postgres,
      inject: async () => killContainer(await leaderPod(stack), "postgres"),
    });
    expectUnharmed(figures, { writeGap: bar });
  });
});
