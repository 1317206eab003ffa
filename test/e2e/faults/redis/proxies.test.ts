import { beforeAll, describe, it } from "vitest";
import { expectUnharmed } from "../../support/bars.ts";
import { endure } from "../../support/fault.ts";
import { deletePod } from "../../support/kubernetes.ts";
import { killContainer } from "../../support/processes.ts";
import { proxyOfClients } from "../../support/proxies.ts";
import { redis, redisWorkloads } from "../../support/redis.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** Clients lose their connections and make them anew: by the proxy of another node until their own is back. In seconds. */
const bar = 5;

describe("the proxy that leads its node's clients to Redis", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it("may be killed", async () => {
    const figures = await endure(stack, {
      name: "Redis' HAProxy killed",
      subject: redis,
      inject: async () => killContainer(await proxyOfClients(stack, redisWorkloads.proxies), "haproxy"),
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it("may be deleted with its pod", async () => {
    const figures = await endure(stack, {
      name: "Redis' HAProxy's pod deleted",
      subject: redis,
      inject: async () => deletePod(stack, (await proxyOfClients(stack, redisWorkloads.proxies)).name),
    });
    expectUnharmed(figures, { writeGap: bar });
  });
});
