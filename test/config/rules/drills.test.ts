import { describe, expect, it } from "vitest";
import { drillsSettings } from "../../../config/drills.ts";
import { drillsRules } from "../../../config/rules/drills.ts";
import { settings } from "../../support/settings.ts";

const problems = (drills: Record<string, unknown>) => {
  const given = { ...settings(), drills: drillsSettings.parse(drills) };
  return drillsRules.flatMap(({ check }) => check(given)).map(({ path, problem }) => `${path}: ${problem}`);
};

describe("drills", () => {
  it("have their own times by default", () => expect(problems({})).toEqual([]));

  it.each([
    [
      "a backup",
      { light: { schedule: "0 4 * * *" } },
      'drills.light.schedule: "0 4 \\* \\* \\*" begins at the same minute',
    ],
    ["each other", { full: { schedule: "20 6 * * 0" } }, "drills.full.schedule: .* as drills.light.schedule"],
  ])("do not begin with %s", (_, drills, message) =>
    expect(problems(drills)).toEqual([expect.stringMatching(message)]),
  );

  it("restore from a site that there is", () =>
    expect(problems({ light: { site: "offsite" } })).toEqual([
      'drills.light.site: it is "offsite", and there is no second site',
    ]));

  it("are left alone where they are off", () =>
    expect(problems({ enabled: false, light: { site: "offsite", schedule: "0 4 * * *" } })).toEqual([]));
});
