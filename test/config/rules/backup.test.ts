import { describe, expect, it } from "vitest";
import { settings } from "../../support/settings.ts";

describe("settings of backups", () => {
  it("fit together as they are", () => expect(() => settings({})).not.toThrow());

  it.each([
    [
      "two base backups at one minute",
      { backup: { postgres: { incremental: "0 * * * *" } } },
      "begins at the same minute as full",
    ],
    [
      "two copies of buckets at one minute",
      { backup: { coordinated: { take: "20 1 * * *" } } },
      'backup.coordinated.take: "20 1 * * *" begins at the same minute as objects.copy ("20 1 * * *")',
    ],
    [
      "full backups that are gone before the next one",
      { backup: { postgres: { full: "0 2 1 * *" } }, postgres: { archive: { retentionDays: 30 } } },
      "leaves up to 31 days between full backups, longer than any is kept (30)",
    ],
    [
      "dumps that are gone before the next one",
      { backup: { postgres: { dump: "0 5 1 * *", dumpDays: 7 } } },
      "give at least 31",
    ],
    ["what is no time", { backup: { postgres: { full: "daily" } } }, "must be a cron time of five fields"],
  ])("refuse %s", (_, given, message) => expect(() => settings(given)).toThrow(message));
});
