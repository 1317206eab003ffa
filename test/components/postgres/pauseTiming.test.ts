import { expect, it } from "vitest";
import { clientPath } from "../../../components/postgres/clientPath.ts";
import { pauseTiming } from "../../../components/postgres/pauseTiming.ts";
import { failoverTiming } from "../../../components/postgres/timing.ts";
import { smallSettings } from "../../support/postgresSample.ts";

const withLimit = (pauseLimit: number) => smallSettings({ pooler: { pauseLimit } });

it.each([1, 2, 3, 4, 5, 6, 7])("writers go on within 10 s of a pause that nobody ends, limit %i", (limit) => {
  const settings = withLimit(limit);
  const { ready, guard, worst } = pauseTiming(settings);
  expect(ready).toBeLessThan(limit);
  expect(guard).toBeGreaterThan(limit);
  expect(worst).toBeLessThanOrEqual(10);
  // Whoever waits in a pooler outlasts the pause.
  expect(worst).toBeLessThan(clientPath(failoverTiming(settings)).queryWait);
});

it("a longer one is refused", () => {
  expect(() => withLimit(8)).toThrow(/pauseLimit/);
  expect(() => pauseTiming({ pooler: { ...withLimit(7).pooler, pauseLimit: 8 } })).toThrow(/10|11/);
});
