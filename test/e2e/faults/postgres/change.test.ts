import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databases } from "../../../../components/postgres/layout.ts";
import { expectUnharmed } from "../../support/bars.ts";
import { deploy } from "../../support/change.ts";
import { endure, tell } from "../../support/fault.ts";
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
  const moreConnections = () => stack.postgres.maxConnections + 10;
  // Back to what is committed, whatever failed.
  afterAll(() => deploy(stack), 10 * minutes);

  it(
    "of a parameter that needs a restart goes through the members one after the other",
    { timeout: 15 * minutes },
    async () => {
      const wanted = moreConnections();
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
    "of a password loses nothing that old clients wrote, and new ones are let in at once",
    { timeout: 15 * minutes },
    async () => {
      // What goes on with the old password, as pods do until their turn comes: it keeps its connections until they are renewed.
      const old = await startWorkload({ kubeconfig: stack.kubeconfig });
      try {
        await sleep(5000);
        // As it is by now: members that restart would end the old connections.
        const settings = { "postgres.maxConnections": moreConnections() };
        const secrets = { difyDatabasePassword: randomBytes(18).toString("base64url") };
        await deploy(stack, { settings, secrets });
        const { acknowledged } = await old.gap();
        const kept = Number(await sql(await leaderPod(stack), "SELECT count(*) FROM workload_rows", databases.dify));
        tell(`${kept} rows, ${acknowledged.rows} of them acknowledged before`);
        expect(acknowledged.rows).toBeGreaterThan(100);
        expect(kept).toBeGreaterThanOrEqual(acknowledged.rows);
      } finally {
        await old.end();
      }
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
