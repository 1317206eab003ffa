import { describe, expect, it } from "vitest";
import { changesBetween, formatPath } from "../../../../local/plugins/protocol/diff.ts";
import type { Properties } from "../../../../local/plugins/protocol/values.ts";

const changes = (old: Properties, next: Properties) =>
  changesBetween(old, next, () => false).map(({ path, kind }) => `${kind} ${formatPath(path)}`);

describe("changes between inputs", () => {
  it("are named at the deepest place where they are", () =>
    expect(changes({ a: { b: 1, c: 2, d: [1, { e: 1 }] } }, { a: { b: 1, c: 3, d: [1, { e: 2 }, 3] } })).toEqual([
      "update a.c",
      "update a.d[1].e",
      "add a.d[2]",
    ]));

  it("are none where only the order of keys or an empty value differs", () =>
    expect(changes({ a: 1, b: null, c: { x: 1, y: 2 } }, { c: { y: 2, x: 1 }, a: 1 })).toEqual([]));

  it("are written as the engine reads them", () =>
    expect(changes({ metadata: { annotations: { "x.io/y": "1" } } }, { metadata: {} })).toEqual([
      "delete metadata.annotations",
    ]));

  it("quote names with dots", () =>
    expect(formatPath(["metadata", "annotations", "x.io/y"])).toBe('metadata.annotations["x.io/y"]'));

  it("end where the shape differs", () => expect(changes({ a: [1] }, { a: { 0: 1 } })).toEqual(["update a"]));
});
