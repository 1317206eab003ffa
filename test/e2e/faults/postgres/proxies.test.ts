import { beforeAll, describe, it } from "vitest";
import { names } from "../../../../components/postgres/layout.ts";
import { endure, expectUnharmed } from "../../support/fault.ts";
import { deletePod, podsOf } from "../../support/kubernetes.ts";
import { postgres } from "../../support/postgres.ts";
import { killContainer } from "../../support/processes.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

/** What stands between Dify and Postgres has a second of its kind: connections are made anew at once. */
const bar = 5;

describe("what leads to Postgres may go, under load", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });

  it.each([
    ["HAProxy killed", names.proxy, "haproxy"],
    ["PgBouncer killed", names.pooler, "pgbouncer"],
  ])("%s", async (name, workload, container) => {
    const figures = await endure(stack, {
      name,
      subject: postgres,
      inject: async () => {
        const [pod] = await podsOf(stack, workload);
        if (!pod) throw new Error(`There is no pod of ${workload}.`);
        killContainer(pod, container);
      },
    });
    expectUnharmed(figures, { writeGap: bar });
  });

  it.each([
    ["HAProxy's pod deleted", names.proxy],
    ["PgBouncer's pod deleted", names.pooler],
  ])("%s", async (name, workload) => {
    const figures = await endure(stack, {
      name,
      subject: postgres,
      inject: async () => {
        const [pod] = await podsOf(stack, workload);
        await deletePod(stack, pod?.name ?? "");
      },
    });
    expectUnharmed(figures, { writeGap: bar });
  });
});
