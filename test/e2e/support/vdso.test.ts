import { on } from "node:events";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { clockOf } from "./vdso.ts";

/** Prints the time of day by each of its functions, and the monotonic clock, whenever it is asked. */
const python = `
import ctypes, sys, time
class Timeval(ctypes.Structure): _fields_ = [("seconds", ctypes.c_long), ("microseconds", ctypes.c_long)]
libc, of_day = ctypes.CDLL(None), Timeval()
for line in sys.stdin:
    libc.gettimeofday(ctypes.byref(of_day), None)
    print(time.time(), of_day.seconds, libc.time(None), time.monotonic(), flush=True)
`;

describe.runIf(process.platform === "linux" && process.arch === "x64")("the clock of a process", () => {
  it("is stepped, and set right again, by each function that tells the time of day; the monotonic one goes on", async () => {
    const program = execa("python3", ["-c", python], { stdin: "pipe", reject: false });
    onTestFinished(async () => {
      program.kill();
      await program;
    });
    const lines = on(createInterface(program.stdout), "line");
    const ask = async () => {
      program.stdin.write("now\n");
      const [line] = (await lines.next()).value as [string];
      const [clock = 0, ofDay = 0, time = 0, monotonic = 0] = line.split(" ").map(Number);
      const now = Date.now() / 1000;
      return { ahead: [clock, ofDay, time].map((seconds) => Math.round((seconds - now) / 10) * 10 + 0), monotonic };
    };
    const before = await ask();
    expect(before.ahead).toEqual([0, 0, 0]);

    const { pid = 0 } = program;
    clockOf(pid)?.step(60);
    const stepped = await ask();
    expect(stepped.ahead).toEqual([60, 60, 60]);
    expect(stepped.monotonic - before.monotonic).toBeLessThan(30);

    expect(clockOf(pid)?.replaced).toBe(true);
    clockOf(pid)?.step(-60);
    expect((await ask()).ahead).toEqual([-60, -60, -60]);
    clockOf(pid)?.step(0);
    expect((await ask()).ahead).toEqual([0, 0, 0]);
  });
});
