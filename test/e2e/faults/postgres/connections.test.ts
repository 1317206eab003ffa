import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { databaseClients } from "../../../../components/dify/databaseClients.ts";
import { names } from "../../../../components/postgres/layout.ts";
import { connectionBudget, connectionsOf } from "../../../../components/postgres/sizing.ts";
import { tell } from "../../support/fault.ts";
import { kubectl } from "../../support/kubernetes.ts";
import { leaderPod, sql } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { runningStack, type Stack } from "../../support/stack.ts";
import { until } from "../../support/waiting.ts";
import { startWorkload } from "../../workload/workload.ts";

/** For how long all connections are busy, in seconds: longer than it takes to replace the poolers. */
const busy = 75;

describe("all processes of Dify with all of their connections, while the poolers are replaced", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it("are carried, by no more connections to the primary than were added up", { timeout: 10 * 60_000 }, async () => {
    await until(() => postgres.problems(stack), "a whole stack to begin with", 180);
    const clients = databaseClients(stack.settings);
    const connectionsTo = (database: "dify" | "plugin") =>
      connectionsOf(clients.filter((client) => client.database === database));
    const crowd = { dify: connectionsTo("dify"), plugin: connectionsTo("plugin") };

    const workload = await startWorkload({ kubeconfig: stack.kubeconfig });
    try {
      const working = workload.crowd({ ...crowd, seconds: busy });
      const used = watchConnections(stack, working);
      await sleep((busy * 1000) / 3);
      await kubectl(stack, "rollout", "restart", `deployment/${names.pooler}`, `--namespace=${stack.namespaces.data}`);
      const { most, queries, errors } = await working;
      const { peak, accepted } = await used;
      tell(`${most} connections to the poolers, ${peak} to the primary of ${accepted}, ${queries} queries`);

      expect(most, "connections at once").toBe(crowd.dify + crowd.plugin);
      const { pools, replicas } = stack.postgres.pooler;
      expect(peak, "connections to the primary").toBeGreaterThanOrEqual(replicas * (pools.dify + pools.plugin));
      const budget = connectionBudget(stack.postgres, clients);
      expect(peak).toBeLessThanOrEqual(budget.fromPoolers + budget.reserved);
      expect(peak).toBeLessThanOrEqual(accepted);
      // What a pooler that ends cuts off is made anew; that there is no room for it must not happen.
      const refused = Object.keys(errors).filter((message) => /too many|no more connections|slots/i.test(message));
      expect(refused).toEqual([]);
    } finally {
      await workload.remove();
      await until(() => postgres.problems(stack), "a whole stack", 180);
    }
  });
});

/** The most connections of clients that the primary had while something went on, and how many it accepts. */
async function watchConnections(stack: Stack, work: Promise<unknown>): Promise<{ peak: number; accepted: number }> {
  const leader = await leaderPod(stack);
  const accepted = Number(await sql(leader, "SHOW max_connections"));
  const ended = work.then(
    () => true,
    () => true,
  );
  let peak = 0;
  for (;;) {
    const count = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    peak = Math.max(peak, Number(await sql(leader, count)));
    if (await Promise.race([ended, sleep(300).then(() => false)])) return { peak, accepted };
  }
}
