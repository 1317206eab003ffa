import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startInDebian, usesDebian, type RunningProgram } from "../../support/debian.ts";
import { startRedis, type RedisServer } from "../../support/servers/redis.ts";
import type { Sample } from "./overlap.ts";

usesDebian();

const script = readFileSync(new URL("watchRedis.py", import.meta.url), "utf8");
const password = "password-of-the-server";

describe("the watch over a Redis server", { timeout: 60_000 }, () => {
  let server: RedisServer;
  let watch: RunningProgram;
  beforeAll(async () => {
    server = await startRedis({ password });
    const address = ["127.0.0.1", String(server.port), "/secrets/password"];
    watch = startInDebian({ argv: ["python3", "-c", script, ...address], files: { "/secrets/password": password } });
  }, 60_000);
  afterAll(async () => {
    await watch.stop();
    await server.stop();
  });

  const answers = () =>
    watch.output
      .split("\n")
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as Sample).yes);
  /** What it says once two more questions have begun. */
  async function next(): Promise<boolean | undefined> {
    const known = answers().length;
    await expect.poll(() => answers().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(known + 3);
    return answers().at(-1);
  }

  it("sees that it acknowledges writes", async () => expect(await next()).toBe(true));

  it("sees a master that no replica hears as closed", async () => {
    await server.cli("config", "set", "min-replicas-to-write", "1");
    expect(await next()).toBe(false);
    await server.cli("config", "set", "min-replicas-to-write", "0");
    expect(await next()).toBe(true);
  });

  it("takes no late answer for that of another question", async () => {
    await server.cli("client", "pause", "2000", "write");
    expect(await next()).toBe(false);
    await expect.poll(next, { timeout: 20_000 }).toBe(true);
  });

  it("sees that it is gone", async () => {
    server.program.signal("KILL");
    expect(await next()).toBe(false);
  });
});
