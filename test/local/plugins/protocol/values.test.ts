import { describe, expect, it } from "vitest";
import {
  containsSecret,
  containsUnknown,
  plain,
  redact,
  sealLike,
  secret,
  UNKNOWN,
} from "../../../../local/plugins/protocol/values.ts";

const OUTPUT = { "4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4" };

describe("values of the provider protocol", () => {
  it("unwraps secrets and outputs at every depth", () =>
    expect(plain({ a: [secret({ b: secret("x") })], c: { ...OUTPUT, value: 1 }, d: OUTPUT })).toEqual({
      a: [{ b: "x" }],
      c: 1,
      d: UNKNOWN,
    }));

  it("finds what is unknown or secret wherever it is", () => {
    expect([
      containsUnknown({ a: [{ b: UNKNOWN }] }),
      containsUnknown({ a: [OUTPUT] }),
      containsUnknown({ a: 1 }),
    ]).toEqual([true, true, false]);
    expect([containsSecret([{ a: secret(1) }]), containsSecret({ a: 1 })]).toEqual([true, false]);
  });

  it("keeps secret what came from a secret, and only that", () =>
    expect(
      sealLike(
        {
          env: [
            { name: "A", value: "x" },
            { name: "B", value: "y" },
          ],
          more: 1,
        },
        { env: [{ value: secret("x") }] },
      ),
    ).toEqual({
      env: [
        { name: "A", value: secret("x") },
        { name: "B", value: "y" },
      ],
      more: 1,
    }));

  it("blanks secrets out of messages, leaving words alone that only look like short ones", () =>
    expect(redact('bad value "hunter2" in a', { p: secret({ q: "hunter2" }), s: secret("a"), open: "value" })).toBe(
      'bad value "[secret]" in a',
    ));
});
