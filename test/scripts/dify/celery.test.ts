import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = new URL("../../../scripts/dify/celery.sh", import.meta.url).pathname;

let folder: string;
let watched: ChildProcess;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "celery-"));
  // A program whose loop is woken by a timer, as Celery's is.
  watched = spawn(process.execPath, ["-e", "setInterval(() => {}, 50); console.log('runs')"]);
  if (watched.stdout) await once(watched.stdout, "data");
});
afterEach(async () => {
  watched.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

const probe = (check: string, env: Record<string, string> = {}) =>
  execa("sh", [script, check], {
    env: { WATCHED_PID: `${watched.pid}`, STATE: join(folder, "state"), BROKER_PORTS: "1", ...env },
    reject: false,
  });

describe("the probe of workers", () => {
  it("takes a process whose loop turns for alive", async () => {
    for (let check = 0; check < 3; check++) {
      expect((await probe("alive")).exitCode).toBe(0);
      await pause(200);
    }
  });

  it("notices a process that is stuck, and that it goes on again", async () => {
    watched.kill("SIGSTOP");
    await pause(200);
    await probe("alive");
    expect(await probe("alive")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("has done nothing") as string,
    });
    watched.kill("SIGCONT");
    await pause(200);
    expect((await probe("alive")).exitCode).toBe(0);
  });

  it("notices that the process is gone", async () => {
    watched.kill("SIGKILL");
    await once(watched, "exit");
    expect((await probe("alive")).exitCode).toBe(1);
  });

  it("is ready only with an open connection to the broker", async () => {
    const broker = createServer().listen(0, "127.0.0.1");
    await once(broker, "listening");
    const { port } = broker.address() as AddressInfo;
    const env = { BROKER_PORTS: `1 ${port}`, WATCHED_PID: `${process.pid}` };
    expect(await probe("connected", env)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("no connection") as string,
    });
    const connection = connect(port, "127.0.0.1");
    await once(connection, "connect");
    expect((await probe("connected", env)).exitCode).toBe(0);
    connection.destroy();
    broker.close();
  });
});
