import { describe, expect, it } from "vitest";
import { progressText } from "../../../runbooks/migration/progress.ts";

const stats = {
  bytes: 0,
  totalBytes: 0,
  speed: 0,
  eta: null,
  checks: 0,
  totalChecks: 0,
  transfers: 0,
  totalTransfers: 0,
};
const line = (changed: object) => JSON.stringify({ level: "warning", msg: "", stats: { ...stats, ...changed } });

describe("progress of a copy", () => {
  it.each([
    [
      { bytes: 2 ** 38, totalBytes: 2 ** 40, speed: 90 * 2 ** 20, eta: 9175, transfers: 5, totalTransfers: 9 },
      "256.0 GiB of 1.0 TiB, 5 of 9 files, 90.0 MiB/s, 2 h 33 min left",
    ],
    [{ totalBytes: 500, totalTransfers: 1 }, "0 B of 500 B, 0 of 1 files, 0 B/s, time left not known yet"],
    [{ bytes: 1, totalBytes: 2, eta: 119, totalTransfers: 1 }, "1 B of 2 B, 0 of 1 files, 0 B/s, 119 s left"],
    [{ bytes: 1, totalBytes: 2, eta: 3600, totalTransfers: 1 }, "1 B of 2 B, 0 of 1 files, 0 B/s, 60 min left"],
    [{ checks: 3, totalChecks: 7 }, "3 of 7 files compared"],
  ])("%o reads well", (changed, text) => expect(progressText(line(changed))).toBe(text));

  it.each(["storage: reading the archive back", '{"level":"error","msg":"no"}', "{"])("leaves %s as it is", (text) =>
    expect(progressText(text)).toBe(text),
  );
});
