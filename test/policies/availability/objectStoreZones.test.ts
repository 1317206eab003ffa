import { describe, expect, it } from "vitest";
import {
  setSize,
  zoneLossViolations,
  type ObjectStore,
} from "../../../policies/rules/availability/objectStoreZones.ts";

const store: ObjectStore = { servers: 6, drivesPerServer: 2, zones: 3, parity: 4 };

describe("the object store outlives a zone", () => {
  it.each<[string, ObjectStore]>([
    ["six servers with two drives, four of twelve as parity", store],
    ["the same with MinIO's own choice", { ...store, parity: undefined }],
    ["three servers with four drives, four of twelve as parity", { ...store, servers: 3, drivesPerServer: 4 }],
    ["nine servers in three zones", { servers: 9, drivesPerServer: 1, zones: 3, parity: 4 }],
    ["eight servers in four zones", { servers: 8, drivesPerServer: 1, zones: 4, parity: 2 }],
  ])("with %s", (_, given) => expect(zoneLossViolations(given)).toEqual([]));

  it.each<[string, ObjectStore, string]>([
    [
      "too little parity",
      { ...store, parity: 3 },
      "of the 12 drives that hold an object a zone has 4, and a write needs 9",
    ],
    // A write needs three of four drives, and the zone with two servers takes two away.
    ["four servers in three zones", { servers: 4, drivesPerServer: 1, zones: 3, parity: 2 }, "needs 3"],
    ["two zones, with half as parity", { servers: 4, drivesPerServer: 1, zones: 2, parity: 2 }, "needs 3"],
    ["servers that may share a zone", { ...store, zones: 1 }, "nothing keeps its servers"],
  ])("is refused: %s", (_, given, message) =>
    expect(zoneLossViolations(given)).toEqual([expect.stringContaining(message)]),
  );

  it.each([
    [6, 2, 12],
    [4, 4, 16],
    [9, 2, 9],
    [16, 2, 16],
    [32, 1, 16],
  ])("counts sets as MinIO does: %i servers with %i drives, %i drives a set", (servers, drivesPerServer, size) =>
    expect(setSize({ servers, drivesPerServer })).toBe(size),
  );
});
