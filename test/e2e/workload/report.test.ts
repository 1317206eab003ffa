import { describe, expect, it } from "vitest";
import { parseProgress, parseReport, reportTable, type StreamName } from "./report.ts";

const names: readonly StreamName[] = ["rows", "messagesConsumed"];
const at = Date.UTC(2026, 10, 21, 12, 30, 0) / 1000;

const answer = JSON.stringify({
  startedAt: at - 60,
  endedAt: at + 60,
  marks: [{ label: "node lost", at }],
  streams: Object.fromEntries(
    names.map((name) => [
      name,
      {
        acknowledged: 1200,
        errors: 2,
        longestGapSeconds: 6.42,
        gapAt: at,
        slowestSeconds: 0.25,
        lost: 0,
        lostItems: [],
        firstErrors: [{ at, text: "OperationalError: server closed the connection unexpectedly" }],
        notes: { twice: 3, left: 0 },
      },
    ]),
  ),
});

describe("the workload's report", () => {
  it("has times as times", () => {
    const report = parseReport(answer);
    expect(report.marks).toEqual([{ label: "node lost", at: new Date(at * 1000) }]);
    expect(report.streams.rows.gapAt).toEqual(new Date(at * 1000));
    expect(report.streams.rows.firstErrors[0]?.at).toEqual(new Date(at * 1000));
  });

  it("reads as a table, with what went wrong first beneath it", () => {
    const lines = reportTable(parseReport(answer)).split("\n");
    expect(lines[3]).toMatch(/│ messages consumed │ +1200 │ +0 │ +2 │ +6\.4 s │ 12:30:00 │ +0\.25 s │ 3 twice │/);
    expect(lines.at(-1)).toBe(
      "messages consumed: 12:30:00 OperationalError: server closed the connection unexpectedly",
    );
  });

  it("tells how work goes on, and of what has not had a success", () => {
    const live = {
      rows: { lastSuccess: at, acknowledged: 7, longestGapSeconds: 1, errors: 0 },
      keys: { lastSuccess: null, acknowledged: 0, longestGapSeconds: 9, errors: 4 },
    };
    expect(parseProgress(JSON.stringify(live))).toEqual({
      lastSuccess: { rows: new Date(at * 1000) },
      acknowledged: { rows: 7, keys: 0 },
      longestGapSeconds: { rows: 1, keys: 9 },
      errors: { rows: 0, keys: 4 },
    });
  });
});
