import { describe, expect, it } from "vitest";
import type { Drives } from "../../../components/objectStore/layout.ts";
import { zoneLossViolations } from "../../../policies/rules/availability/objectStoreZones.ts";

const store: Drives = { servers: 6, drives: 2, zones: 3, parity: 4 };

describe("the object store outlives a zone", () => {
  it.each<[string, Drives]>([
    ["six servers with two drives, four of twelve as parity", store],
    ["the same with MinIO's own choice", { ...store, parity: undefined }],
    ["three servers with four drives, four of twelve as parity", { ...store, servers: 3, drives: 4 }],
    ["nine servers in three zones", { servers: 9, drives: 1, zones: 3, parity: 4 }],
    ["eight servers in four zones", { servers: 8, drives: 1, zones: 4, parity: 2 }],
  ])("with %s", (_, given) => expect(zoneLossViolations(given)).toEqual([]));

  it.each<[string, Drives, string]>([
    ["too little parity", { ...store, parity: 3 }, "no more than 3 may be lost"],
    // A write needs three of four drives, and the zone with two servers takes two away.
    ["four servers in three zones", { servers: 4, drives: 1, zones: 3, parity: 2 }, "writes would stop"],
    ["two zones, with half as parity", { servers: 4, drives: 1, zones: 2, parity: 2 }, "writes would stop"],
    ["servers that make no set", { servers: 17, drives: 1, zones: 3 }, "no erasure sets"],
    ["servers that may share a zone", { ...store, zones: 1 }, "nothing keeps its servers"],
  ])("is refused: %s", (_, given, message) =>
    expect(zoneLossViolations(given)).toEqual([expect.stringContaining(message)]),
  );
});
