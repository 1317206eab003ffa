import { beforeAll, describe, it } from "vitest";
import { expectUnharmed } from "../../support/bars.ts";
import { etcdLeader, writeUntilFull } from "../../support/etcd.ts";
import { endure } from "../../support/fault.ts";
import { postgres } from "../../support/postgres.ts";
import { runningStack, type Stack } from "../../support/stack.ts";
import { fillVolume, freeVolumes } from "../../support/volumes.ts";

/** Writers do not notice; in seconds, and what a busy machine may add. */
const bar = 2;

describe("Patroni's store on a full volume", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  /** The member ends itself when it cannot write its log; the two others have a majority. It is back when somebody has made space. */
  it("goes on without that member, which comes back when there is space", async () => {
    const figures = await endure(stack, {
      name: "etcd disk full",
      subject: postgres,
      inject: async () => {
        const full = await etcdLeader(stack);
        await fillVolume(stack, full, "data");
        await writeUntilFull(stack, full);
      },
      end: () => freeVolumes(stack),
    });
    expectUnharmed(figures, { writeGap: bar });
  });
});
