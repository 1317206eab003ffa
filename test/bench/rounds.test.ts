import { describe, expect, it } from "vitest";
import { measure, median } from "../../bench/rounds.ts";

describe("measuring side by side", () => {
  it("runs all contenders in every round, after one that is not counted", async () => {
    const order: string[] = [];
    const note = (what: string) => () => Promise.resolve(void order.push(what));
    const contenders = [
      { name: "a", run: note("a") },
      { name: "b", prepare: note("before b"), run: note("b") },
    ];
    const measured = await measure(contenders, 2);
    const round = ["a", "before b", "b"];
    expect(order).toEqual([...round, ...round, ...round]);
    expect(measured.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[7], 7],
  ])("takes the median of %j", (values, middle) => expect(median(values)).toBe(middle));

  it("has no median without values", () => expect(() => median([])).toThrow("no values"));
});
