import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyTwoAtOnce, longestSilence, secondsAtOnce, spansOf, type Sample } from "./overlap.ts";

/** Samples every 200 ms that take 10 ms each. */
const samples = (from: number, answers: string): Sample[] =>
  [...answers].map((answer, i) => ({ from: from + i * 0.2, to: from + i * 0.2 + 0.01, yes: answer === "y" }));

describe("when a server was writable", () => {
  it("is told for certain only between the first and the last yes of a row", () =>
    expect(spansOf(samples(10, "nyyyn"))).toEqual([
      { start: expect.closeTo(10.21) as number, end: expect.closeTo(10.6) as number, throughout: true },
    ]));
  it("is told in parts when it was not in between", () => expect(spansOf(samples(0, "yynyy"))).toHaveLength(2));
  it("is not told for a time in which nobody could ask", () =>
    expect(spansOf([...samples(0, "yy"), ...samples(5, "yy")])).toHaveLength(2));
  it("is told for no instant of an answer that took long", () => {
    const spans = spansOf([...samples(0, "yy"), { from: 0.4, to: 9, yes: true }, ...samples(9, "yy")]);
    expect(spans.map(({ throughout }) => throughout)).toEqual([true, false, true]);
  });
});

describe("two writable servers at once", () => {
  it.each([
    ["one after the other", samples(0, "yyyynnnn"), samples(0, "nnnnyyyy"), 0],
    ["one that yields within the pause between two questions", samples(0, "yyynn"), samples(0.5, "yyy"), 0],
    ["both for a while", samples(0, "yyyyyn"), samples(0.4, "yyyy"), 0.39],
    ["one for an instant while the other is", samples(0, "yyyyy"), samples(0.35, "nyn"), 0.01],
    ["each for an instant", samples(0, "nyn"), samples(0, "nyn"), 0],
  ])("%s", (_, a, b, seconds) => expect(secondsAtOnce(spansOf(a), spansOf(b))).toBeCloseTo(seconds));

  it("are found among any number of servers", () =>
    expect(anyTwoAtOnce([samples(0, "nnnn"), samples(0, "yyyy"), samples(0, "yyyy")])).toBeCloseTo(0.59));

  it("are never seen where every server only asks after the one before has been told to stop", () => {
    const turns = fc.array(fc.record({ pause: fc.double({ min: 0, max: 2, noNaN: true }), count: fc.nat(8) }));
    fc.assert(
      fc.property(turns, (given) => {
        const servers: Sample[][] = [[], [], []];
        let now = 0;
        for (const [i, { pause, count }] of given.entries()) {
          servers[i % 3]?.push(...samples(now, "y".repeat(count) + "n"));
          now += 0.2 * count + pause;
        }
        expect(anyTwoAtOnce(servers)).toBe(0);
      }),
    );
  });
});

describe("the gap of the servers themselves", () => {
  it("ends with whoever is the next to say yes", () =>
    expect(longestSilence([samples(0, "yyynnnnn"), samples(0, "nnnnnnyy")])).toBeCloseTo(0.8));
  it("is nothing where nobody was asked", () => expect(longestSilence([[], []])).toBe(0));
});
