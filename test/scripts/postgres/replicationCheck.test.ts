import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { script } from "../../../components/postgres/scripts.ts";
import { runInDebian, usesDebian, type DebianResult } from "../../support/debian.ts";
import { startPostgres, type PostgresServer } from "../../support/servers/postgres.ts";

usesDebian();

/** That it passes with a standby is seen in components/postgres/cluster.test.ts. */
describe("the check of replication", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.stop());

  const check = (changed: Record<string, string> = {}): Promise<DebianResult> =>
    runInDebian({
      argv: ["sh", "/opt/check.sh"],
      env: { ...server.env, PGDATABASE: "postgres", WAIT_SECONDS: "1", ...changed },
      files: { ...server.files, "/opt/check.sh": script("replication-check.sh") },
    });

  it("fails when no standby streams, and says where to look", async () => {
    const { exitCode, stderr } = await check();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      "no standby that commits wait for after 1 s; the primary sees: none. Look at: patronictl list",
    );
  });

  it("fails when there is no primary, and says why", async () => {
    const { exitCode, stderr } = await check({ PGPORT: "1" });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/the primary at 127\.0\.0\.1:1 does not answer: .*refused/s);
  });
});
