import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failoverTiming } from "../../../components/postgres/timing.ts";
import { postgresSettings, type PatroniSettings } from "../../../config/postgres.ts";

const settings = (changes: Record<string, unknown> = {}) => postgresSettings.parse(changes) as PatroniSettings;

describe("how long writers wait", () => {
  it("is within what is asked for by default: 5 s when planned or crashed, 8 s when a host is lost", () => {
    const { expected } = failoverTiming(settings());
    expect(expected.planned).toBeLessThan(5);
    expect(expected.crash).toBeLessThan(5);
    expect(expected.hostLost).toBeLessThanOrEqual(8);
  });

  it.each([
    ["A drained node", "planned", true],
    ["Postgres crashes", "crash", true],
    ["The leader's host is gone", "hostLost", true],
    ["The same without voters", "hostLost", false],
  ] as const)("is told as it is: %s", (row, failure, voter) => {
    const told = readFileSync(new URL("../../../docs/failover.md", import.meta.url), "utf8");
    const { expected } = failoverTiming(settings({ timing: { voter } }));
    const [, , , wait] =
      told
        .split("\n")
        .find((line) => line.startsWith(`| ${row}`))
        ?.split("|") ?? [];
    expect(Number(wait)).toBeCloseTo(expected[failure], 1);
  });

  it("is bound by the ttl when nobody votes", () => {
    const { expected, voter } = failoverTiming(settings({ timing: { voter: false } }));
    expect(voter).toBeUndefined();
    expect(expected.hostLost).toBeGreaterThan(20);
  });
});

describe("health checks", () => {
  it("take 3 s for an answer and 3 failures by default, and readmit after one that passes", () =>
    expect(failoverTiming(settings()).check).toMatchObject({ timeout: 3, failures: 3, passes: 1 }));

  it("move traffic away from a lost host before the next primary is there", () => {
    const { check, expected } = failoverTiming(settings());
    expect(check.hostLost).toBeLessThan(expected.hostLost);
  });

  it("never notice later when they are more frequent", () => {
    const interval = fc.double({ min: 0.2, max: 10, noNaN: true });
    const hostLost = (value: number) =>
      failoverTiming(settings({ proxy: { check: { interval: value } } })).check.hostLost;
    fc.assert(
      fc.property(interval, interval, (a, b) => {
        expect(hostLost(Math.min(a, b))).toBeLessThanOrEqual(hostLost(Math.max(a, b)));
      }),
    );
  });
});
