import { describe, expect, it } from "vitest";
import { quarterAt, quarterOf } from "../../../runbooks/drills/archive.ts";
import { archiveText } from "../../../runbooks/drills/list.ts";
import { reportOf } from "../../../runbooks/drills/reportText.ts";
import type { DrillResult } from "../../../runbooks/drills/result.ts";

const passed = (day: string, changes: Partial<DrillResult> = {}): DrillResult => ({
  version: 1,
  kind: "light",
  id: `202611${day}T062000Z`,
  site: "cluster",
  started: `2026-11-${day}T06:20:00Z`,
  ended: `2026-11-${day}T06:25:00Z`,
  record: `202611${day}T040000Z-3f9c`,
  rtoSeconds: 20,
  rpoSeconds: 40,
  passed: true,
  checks: [{ name: "locks hold", passed: true, detail: "", seconds: 1 }],
  ...changes,
});

const failed = passed("03", {
  passed: false,
  rtoSeconds: null,
  checks: [{ name: "indexes agree with their tables", passed: false, detail: 'index <a|b> & "c"', seconds: 1 }],
});
const results = [failed, passed("02", { rtoSeconds: 700 }), passed("01")];

describe("the report on drills", () => {
  const { markdown, html } = reportOf({ results, damaged: [] }, quarterOf("2026-Q4"));

  it("has the median and the worst of each figure, as Markdown and as HTML", () => {
    expect(markdown).toContain("| light | 3 | 2 | 20 s | 12 min | 40 s | 40 s |");
    expect(markdown).toContain("| full | 0 | 0 | - | - | - | - |");
    expect(html).toContain("<td>light</td><td>3</td><td>2</td><td>20 s</td><td>12 min</td>");
  });

  it("names what failed, and lets nothing of it become markup", () => {
    expect(markdown).toContain('- 20261103T062000Z, light: indexes agree with their tables (index <a|b> & "c")');
    expect(html).toContain("index &lt;a|b&gt; &amp; &quot;c&quot;");
  });

  it("has a chart of each figure, a point a drill that has it", () => {
    const [rto = "", rpo = ""] = html.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
    expect(rto.match(/<circle/g)).toHaveLength(2);
    expect(rpo.match(/<circle/g)).toHaveLength(3);
    expect(rpo.match(/fill="#c33"/g)).toHaveLength(1);
  });

  it("is one on nothing, too", () =>
    expect(reportOf({ results: [], damaged: [] }, quarterOf("2026-Q1")).markdown).toContain("Nothing."));
});

describe("quarters", () => {
  it("begin with their first month", () => {
    expect(quarterAt(new Date("2026-12-31T23:59:59Z"))).toEqual(quarterOf("2026-Q4"));
    expect(quarterOf("2026-Q4")).toMatchObject({
      from: new Date("2026-10-01T00:00:00Z"),
      to: new Date("2027-01-01T00:00:00Z"),
    });
  });

  it.each(["2026-Q5", "2026", "Q1"])('are not "%s"', (name) =>
    expect(() => quarterOf(name)).toThrow("is no quarter of a year"),
  );
});

it("the list of drills has a line each, and below it what failed", () => {
  const lines = archiveText({ results, damaged: [] }).split("\n");
  const row = lines.find((line) => line.includes("FAILED"))?.split(/[│\s]+/);
  expect(row).toEqual(["", "20261103T062000Z", "light", "cluster", failed.record, "FAILED", "-", "40", "s", ""]);
  expect(lines.at(-1)).toBe('20261103T062000Z: indexes agree with their tables: FAILED. index <a|b> & "c"');
  expect(archiveText({ results: [], damaged: [] })).toBe("No drill has left a result yet.");
});
