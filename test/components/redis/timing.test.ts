import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failoverTiming } from "../../../components/redis/timing.ts";

describe("timing of a failover", () => {
  it("brings a new master within 7 s at the default", () => {
    const timing = failoverTiming({ downAfter: 4 });
    expect(timing.expectedGap).toBeLessThan(7);
    expect(timing.failoverTimeout).toBe(10);
  });

  it("never lets the proxy be later than the Sentinels, nor a returning master be earlier than a repeated failover", () =>
    fc.assert(
      fc.property(fc.double({ min: 4, max: 60, noNaN: true }), (downAfter) => {
        const { failoverTimeout, yieldFor, proxy } = failoverTiming({ downAfter });
        expect(proxy.leave).toBeLessThan(downAfter);
        expect(yieldFor).toBeGreaterThanOrEqual(downAfter + 2 * failoverTimeout);
      }),
    ));
});
