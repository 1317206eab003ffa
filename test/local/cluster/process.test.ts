import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "../../../local/cluster/lock.ts";
import { isAlive, processIdentity } from "../../../local/cluster/process/identity.ts";
import { findFreePorts, isPortFree } from "../../../local/cluster/process/ports.ts";
import {
  ensureRunning,
  runningProcess,
  stopProcess,
  stoppedEarly,
  type ServerProcess,
} from "../../../local/cluster/process/supervise.ts";
import { eventually } from "../../support/cluster.ts";

let dir: string;
const sleeper: ServerProcess = { name: "sleeper", program: "/bin/sleep", args: ["600"], ports: [], files: [] };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dify-ha-process-"));
});
afterEach(async () => {
  await stopProcess(dir, sleeper.name);
  rmSync(dir, { recursive: true, force: true });
});

async function listen(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

describe("a server process", () => {
  it("is started once and then left alone", async () => {
    expect(await ensureRunning(dir, sleeper)).toBe(true);
    const first = runningProcess(dir, "sleeper");
    expect(await ensureRunning(dir, sleeper)).toBe(false);
    expect(runningProcess(dir, "sleeper")).toEqual(first);
  });

  it("is replaced when its arguments or a file that it reads change", async () => {
    const file = join(dir, "settings");
    writeFileSync(file, "one");
    await ensureRunning(dir, { ...sleeper, files: [file] });
    writeFileSync(file, "two");
    expect(await ensureRunning(dir, { ...sleeper, files: [file] })).toBe(true);
    expect(await ensureRunning(dir, { ...sleeper, args: ["601"] })).toBe(true);
    const pid = runningProcess(dir, "sleeper")?.pid ?? 0;
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("601");
  });

  it("is gone after it was stopped", async () => {
    await ensureRunning(dir, sleeper);
    const running = runningProcess(dir, "sleeper");
    await stopProcess(dir, "sleeper");
    expect(running && isAlive(running)).toBe(false);
    expect(runningProcess(dir, "sleeper")).toBeUndefined();
  });

  it("is not mistaken for another process that got its number", async () => {
    const other: ChildProcess = spawn("/bin/sleep", ["600"]);
    try {
      await ensureRunning(dir, sleeper);
      await stopProcess(dir, "sleeper");
      // As a number looks that was given to someone else: the same pid, another start.
      const stale = { pid: other.pid, started: "earlier boot/1", fingerprint: "" };
      writeFileSync(join(dir, "run", "sleeper.json"), JSON.stringify(stale));
      await stopProcess(dir, "sleeper");
      expect(processIdentity(other.pid ?? 0)).toBeDefined();
    } finally {
      other.kill("SIGKILL");
    }
  });

  it("says in one line which port is taken and by whom", async () => {
    const [port = 0] = await findFreePorts(1);
    const server = await listen(port);
    const message = `Port ${port} of 127.0.0.1, needed by sleeper, is in use by pid ${process.pid} (`;
    await expect(ensureRunning(dir, { ...sleeper, ports: [port] })).rejects.toThrow(message);
    server.close();
  });

  it("shows its last words when it ends at its start", async () => {
    const talker = { ...sleeper, program: "/bin/sh", args: ["-c", "echo no such flag: --colour; sleep 0.3; exit 1"] };
    await ensureRunning(dir, talker);
    await eventually(
      () => Promise.resolve(runningProcess(dir, "sleeper")),
      (running) => running === undefined,
    );
    expect(stoppedEarly(dir, "sleeper").message).toMatch(/sleeper stopped right after its start[^]*no such flag/);
  });

  it("says so when its program is missing", async () => {
    await expect(ensureRunning(dir, { ...sleeper, program: "/nowhere/etcd" })).rejects.toThrow("/nowhere/etcd");
  });
});

describe("ports", () => {
  it("are free until someone listens", async () => {
    const [port = 0, next = 0] = await findFreePorts(2);
    const server = await listen(port);
    expect(await Promise.all([port, next].map(isPortFree))).toEqual([false, true]);
    server.close();
  });
});

describe("the lock of a cluster", () => {
  it("lets one at a time pass", async () => {
    const log: string[] = [];
    const turn = (name: string) =>
      withLock(
        dir,
        () => undefined,
        async () => {
          log.push(`${name} in`);
          await new Promise((resolve) => setTimeout(resolve, 50));
          log.push(`${name} out`);
        },
      );
    await Promise.all([turn("first"), turn("second")]);
    expect(log).toEqual(["first in", "first out", "second in", "second out"]);
  });

  it("does not outlive a holder that was killed", async () => {
    writeFileSync(join(dir, "lock"), JSON.stringify({ pid: process.pid, started: "earlier boot/1" }));
    await expect(
      withLock(
        dir,
        () => undefined,
        () => Promise.resolve("in"),
      ),
    ).resolves.toBe("in");
  });
});
