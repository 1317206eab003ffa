import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectUnharmed } from "../../support/bars.ts";
import { deploy } from "../../support/change.ts";
import { endure } from "../../support/fault.ts";
import { leaderPod, sql } from "../../support/patroni.ts";
import { postgres } from "../../support/postgres.ts";
import { runningStack, type Stack } from "../../support/stack.ts";
import { startWorkload } from "../../workload/workload.ts";

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

  it(
    "of a password is met by clients of both, before and after they are rolled",
    { timeout: 15 * minutes },
    async () => {
      const figures = await endure(stack, {
        name: "changed password",
        subject: postgres,
        // The workload goes on with the connections that it has, as pods do until their turn comes.
        inject: () => deploy(stack, { secrets: { difyDatabasePassword: randomBytes(18).toString("base64url") } }),
      });
      expectUnharmed(figures, { writeGap: bar });
      expect.soft(figures.errors, "errors of clients that have the old password").toBe(0);

      const rolled = await startWorkload({ kubeconfig: stack.kubeconfig });
      try {
        await sleep(5000);
        const { rows, reads } = (await rolled.report()).streams;
        expect(rows.acknowledged + reads.acknowledged).toBeGreaterThan(100);
        expect(rows.errors + reads.errors, "errors of clients that have the new password").toBe(0);
      } finally {
        await rolled.remove();
      }
    },
  );
});
