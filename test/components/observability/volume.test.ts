import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prometheusVolume } from "../../../components/observability/bundled/volume.ts";
import { bundledMonitoring } from "../../../config/bundledMonitoring.ts";

const volume = (prometheus: Readonly<Record<string, unknown>> = {}, interval = 30) =>
  prometheusVolume(bundledMonitoring.parse({ backend: "bundled", interval, prometheus }));
const gibi = 2 ** 30;

describe("the volume of a Prometheus", () => {
  it("is large enough by default", () => {
    // 60 days of 1000 samples a second.
    expect(volume()).toEqual({ retentionSize: 16 * gibi, needed: 60 * 86_400 * 1000 * 2, problems: [] });
  });

  it.each([
    [
      "blocks beyond four fifths",
      { storage: "10Gi", retention: { size: "9Gi", days: 15 } },
      "retention.size",
      "give at most 8192Mi",
    ],
    [
      "no room for the log",
      { storage: "1Gi", retention: { days: 1 }, series: 1000 },
      "storage",
      "give at least 1204Mi",
    ],
    ["more days than fit", { storage: "10Gi" }, "retention.days", "give at most 49, or raise storage"],
    [
      "more days than the size",
      { retention: { size: "1Gi" } },
      "retention.days",
      "give at most 6, or raise retention.size",
    ],
    [
      "a single day that does not fit",
      { series: 10_000_000, retention: { days: 1 } },
      "retention.days",
      "raise storage",
    ],
  ])("is refused with %s", (_, prometheus, path, remedy) =>
    expect(volume(prometheus).problems).toEqual([
      expect.objectContaining({ path, remedy: expect.stringContaining(remedy) as string }),
    ]),
  );

  it("is taken with the days that the message names", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 200 }),
        fc.integer({ min: 1, max: 365 }),
        fc.integer({ min: 5, max: 30 }),
        (size, days, interval) => {
          const { problems } = volume({ storage: `${size}Gi`, retention: { days } }, interval);
          const right = /give at most (\d+), /.exec(problems[0]?.remedy ?? "")?.[1];
          if (right === undefined) return;
          expect(volume({ storage: `${size}Gi`, retention: { days: Number(right) } }, interval).problems).toEqual([]);
          expect(Number(right)).toBeLessThan(days);
        },
      ),
    ));
});
