import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientPath, connectionLife, poolerLost, proxyDrain } from "../../../components/postgres/clientPath.ts";
import { failoverTiming } from "../../../components/postgres/timing.ts";
import { postgresSettings, type PatroniSettings } from "../../../config/postgres.ts";

const timingOf = (timing: Record<string, unknown>) =>
  failoverTiming(postgresSettings.parse({ timing }) as PatroniSettings);

describe("a client's way to the primary", () => {
  it("waits for every failover that is expected within 25 s, and no query waits for a minute", () =>
    fc.assert(
      fc.property(
        fc.record({
          ttl: fc.integer({ min: 20, max: 300 }),
          voter: fc.boolean(),
          unreachable: fc.double({ min: 1, max: 9, noNaN: true }),
        }),
        (settings) => {
          const timing = timingOf(settings);
          const { patience, queryWait } = clientPath(timing);
          if (timing.expected.hostLost <= 25) expect(patience).toBeGreaterThanOrEqual(1.5 * timing.expected.hostLost);
          expect(patience).toBeGreaterThanOrEqual(10);
          expect(queryWait).toBeLessThan(60);
        },
      ),
    ));

  it("lets each wait outlast the one behind it", () => {
    const { patience, poolerConnect, queryWait } = clientPath(timingOf({}));
    expect(poolerConnect).toBeGreaterThan(patience);
    expect(queryWait).toBeGreaterThan(poolerConnect);
  });

  it("loses a pooler's node sooner than the primary's", () =>
    expect(poolerLost).toBeLessThan(timingOf({}).expected.hostLost));

  it("has renewed all connections before a proxy that is replaced cuts them", () =>
    expect(proxyDrain).toBeGreaterThan(connectionLife));
});
