import { describe, expect, it } from "vitest";
import { cron, firstCoincidence, longestGap, timeZone } from "../../config/schedule.ts";

describe("a cron time", () => {
  it.each(["0 2 * * *", "*/15 * * * *", "45 3 * * 1-6", "0 0 1 JAN *", "5,35 * * * MON-FRI"])("may be %s", (time) =>
    expect(cron.safeParse(time).success).toBe(true),
  );
  it.each(["", "* * * *", "0 2 * * * *", "61 * * * *", "0 2 L * *", "@daily", "0 0 30 2 *"])("may not be %j", (time) =>
    expect(cron.safeParse(time).error?.issues[0]?.message).toContain("must be a cron time of five fields"),
  );
});

describe("schedules", () => {
  it.each([
    ["30 * * * *", 1],
    ["0 2 * * *", 24],
    ["45 3 * * 1-6", 48],
    ["0 5 * * 0", 168],
  ])("%s leave at most %d hours between runs", (time, hours) => expect(longestGap(time)).toBe(hours));

  it("coincide when they share a minute", () => {
    expect(firstCoincidence("0 2 * * *", "0 * * * *")?.toISOString()).toBe("2026-01-01T02:00:00.000Z");
    expect(firstCoincidence("0 2 * * *", "30 * * * *")).toBeUndefined();
    expect(firstCoincidence("45 3 * * 0", "45 3 * * 1-6")).toBeUndefined();
  });
});

it("a time zone is known by its name", () => {
  expect(timeZone.safeParse("Europe/Berlin").success).toBe(true);
  expect(timeZone.safeParse("Etc/UTC").success).toBe(true);
  expect(timeZone.safeParse("Berlin").success).toBe(false);
});
