import { beforeAll, describe, it } from "vitest";
import { names } from "../../../../components/postgres/layout.ts";
import { expectUnharmed } from "../../support/bars.ts";
import { endure } from "../../support/fault.ts";
import { deletePod, podsOf, type Pod } from "../../support/kubernetes.ts";
import { postgres } from "../../support/postgres.ts";
import { killContainer } from "../../support/processes.ts";
import { proxyOfClients } from "../../support/proxies.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** What stands between Dify and Postgres is back, or has a second of its kind, at once; in seconds. */
const bar = 5;

describe("what leads to Postgres may go, under load", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  /** The one that the workload goes through. */
  const proxy = () => proxyOfClients(stack, names.proxy);
  /** Half of the workload's connections. */
  const pooler = async (): Promise<Pod> => {
    const [pod] = await podsOf(stack, names.pooler);
    if (!pod) throw new Error("There is no pooler.");
    return pod;
  };

  it.each([
    ["HAProxy killed", proxy, "haproxy"],
    ["PgBouncer killed", pooler, "pgbouncer"],
  ])("%s", async (name, choose, container) => {
    const figures = await endure(stack, {
      name,
      subject: postgres,
      inject: async () => killContainer(await choose(), container),
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it.each([
    ["HAProxy's pod deleted", proxy],
    ["PgBouncer's pod deleted", pooler],
  ])("%s", async (name, choose) => {
    const figures = await endure(stack, {
      name,
      subject: postgres,
      inject: async () => deletePod(stack, (await choose()).name),
    });
    expectUnharmed(figures, { writeGap: bar });
  });
});
