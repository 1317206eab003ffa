import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deploy } from "../../support/change.ts";
import { endure, expectUnharmed } from "../../support/fault.ts";
import { leaderPod, sql } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { runningStack, type Stack } from "../../support/stack.ts";

const minutes = 60_000;
/** Bar of H2 for what is planned, in seconds. */
const bar = 5;

describe("changes by pulumi up, under load", () => {
  let stack: Stack;
  beforeAll(() => {
    stack = runningStack();
  });
  // Back to what is committed, whatever failed.
  afterAll(() => deploy(stack), 10 * minutes);

  it(
    "of a parameter that needs a restart goes through the members one after the other",
    { timeout: 15 * minutes },
    async () => {
      const wanted = stack.postgres.maxConnections + 10;
      const figures = await endure(stack, {
        name: "parameter that needs a restart",
        subject: postgres,
        inject: () => deploy(stack, { settings: { "postgres.maxConnections": wanted } }),
        meanwhile: async () => expect(await sql(await leaderPod(stack), "SHOW max_connections")).toBe(`${wanted}`),
      });
      expectUnharmed(figures, { writeGap: bar });
    },
  );
});
