import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startInDebian, usesDebian, type RunningProgram } from "../../support/debian.ts";
import { startPostgres, type PostgresServer } from "../../support/servers/postgres.ts";
import type { Sample } from "./overlap.ts";

usesDebian();

const script = readFileSync(new URL("watchMember.py", import.meta.url), "utf8");

interface Answer extends Sample {
  readonly kind: "open" | "acknowledged";
}

describe("the watch over a server", { timeout: 30_000 }, () => {
  let server: PostgresServer;
  let watch: RunningProgram;
  beforeAll(async () => {
    server = await startPostgres();
    watch = startInDebian({ argv: ["python3", "-c", script, "127.0.0.1"], env: server.env });
  }, 60_000);
  afterAll(async () => {
    await watch.stop();
    await server.stop();
  });

  const answers = () =>
    watch.output
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Answer);
  const acknowledged = () => answers().filter(({ kind }) => kind === "acknowledged");
  /** What it says of what begins now, once it has said `count` things of that kind. */
  async function next(kind: Answer["kind"], count = 3): Promise<boolean[]> {
    const known = answers().length;
    const found = () =>
      answers()
        .slice(known)
        .filter((answer) => answer.kind === kind);
    await expect.poll(() => found().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
    return found().map(({ yes }) => yes);
  }
  const change = async (setting: string) => {
    await server.sql(`ALTER SYSTEM SET ${setting}; SELECT pg_reload_conf();`);
  };

  it("sees that it takes writes and acknowledges them", async () => {
    expect(await next("open")).not.toContain(false);
    expect(await next("acknowledged")).not.toContain(false);
  });

  it("sees that it acknowledges nothing while no standby has it, but still is open", async () => {
    await change("synchronous_standby_names TO 'nobody'");
    await expect.poll(() => server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).toBe("1");
    const known = acknowledged().length;
    expect(await next("open", 5)).not.toContain(false);
    expect(acknowledged()).toHaveLength(known);
  });

  it("takes a wait that was given up for no acknowledgement", async () => {
    const known = acknowledged().length;
    await server.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    await expect.poll(() => acknowledged()[known]?.yes).toBe(false);
    await change("synchronous_standby_names TO ''");
    await expect.poll(() => acknowledged().at(-1)?.yes, { timeout: 10_000 }).toBe(true);
  });

  it("sees a server that is read-only as closed", async () => {
    await change("default_transaction_read_only TO on");
    await expect.poll(() => next("open", 1)).toContain(false);
    await server.sql(
      "SET default_transaction_read_only TO off; ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf();",
    );
    await expect.poll(() => next("open", 1)).toContain(true);
  });

  it("sees that it is gone", async () => {
    server.program.signal("KILL");
    expect((await next("open")).slice(1)).not.toContain(true);
  });
});
