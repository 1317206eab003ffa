import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  defaultParity,
  erasureLayout,
  erasureSetSize,
  zoneLossProblems,
} from "../../../components/objectStore/layout.ts";

const problems = (servers: number, drives: number, parity?: number) => {
  const layout = erasureLayout({ servers, drives, zones: 3, parity });
  return layout && zoneLossProblems(layout);
};

describe("erasure sets as MinIO makes them", () => {
  it.each([
    [3, 1, 3],
    [3, 2, 6],
    [4, 1, 4],
    [6, 2, 12],
    [6, 4, 12],
    [5, 4, 10],
    [16, 1, 16],
    [18, 1, 9],
    [32, 2, 16],
  ])("makes of %i servers with %i drives sets of %i", (servers, drives, size) =>
    expect(erasureSetSize({ servers, drives })).toBe(size),
  );

  it("knows when there are none", () => expect(erasureSetSize({ servers: 17, drives: 1 })).toBeUndefined());

  it("always divides the drives evenly and lies evenly over the servers", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 16 }), (servers, drives) => {
        const size = erasureSetSize({ servers, drives });
        if (size === undefined) return;
        expect((servers * drives) % size).toBe(0);
        expect(Math.max(size, servers) % Math.min(size, servers)).toBe(0);
        expect(defaultParity(size)).toBeLessThanOrEqual(size / 2);
      }),
    ));
});

describe("the loss of a zone", () => {
  it("is survived by two servers a zone: 4 of 12 drives may be lost", () => {
    expect(erasureLayout({ servers: 6, drives: 2, zones: 3 })).toMatchObject({
      setSize: 12,
      parity: 4,
      lostDrives: 4,
      writeQuorum: 8,
      lockQuorum: 4,
    });
    expect(problems(6, 2)).toEqual([]);
  });

  it("is survived by one server a zone", () => {
    expect(problems(3, 1)).toEqual([]);
    expect(problems(3, 2)).toEqual([]);
  });

  it("stops the writes of four servers, two of which share a zone", () =>
    expect(problems(4, 1)).toEqual([
      "writes would stop: a zone has up to 2 of the 4 drives of an erasure set, 2 are left and a write needs 3",
      "locks would stop: a zone has up to 2 of the 4 servers of an erasure set, 2 are left and a lock needs 3",
    ]));

  it("stops even the reads when parity is too low", () =>
    expect(problems(6, 2, 2)).toEqual([
      "reads would stop: a zone has up to 4 of the 12 drives of an erasure set, and no more than 2 may be lost (EC:2)",
      "writes would stop: a zone has up to 4 of the 12 drives of an erasure set, 8 are left and a write needs 10",
    ]));

  it("counts a zone's full share against a set that spans only some of the servers", () =>
    expect(erasureLayout({ servers: 18, drives: 1, zones: 3 })).toMatchObject({ setSize: 9, lostDrives: 6 }));

  it("never stops a write that finds its quorum", () =>
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 32 }), fc.integer({ min: 1, max: 8 }), (servers, drives) => {
        const layout = erasureLayout({ servers, drives, zones: 3 });
        if (!layout || zoneLossProblems(layout).length > 0) return;
        expect(layout.setSize - layout.lostDrives).toBeGreaterThanOrEqual(layout.writeQuorum);
        expect(layout.lostDrives).toBeLessThanOrEqual(layout.parity);
      }),
    ));
});
