import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { outputRows, outputsFile, outputsMarkdown } from "../../docs/outputs.ts";

const rows = outputRows();

describe("the reference of outputs", () => {
  it("gives every output a meaning, and says whether it is secret and always there", () => {
    expect(rows.filter(({ meaning, value }) => meaning === "" || value === "").map(({ name }) => name)).toEqual([]);
    expect(rows.find(({ name }) => name === "offsiteAddressing")).toEqual({
      name: "offsiteAddressing",
      meaning: "Buckets there as a path of the URL, or as its host.",
      value: "`path` or `virtual`",
      secret: false,
      optional: true,
    });
    expect(rows.find(({ name }) => name === "difySecretKey")).toMatchObject({ secret: true, optional: false });
  });

  it("is what docs/outputs.md says (a change that is meant: make golden)", () =>
    expect(readFileSync(outputsFile, "utf8") === outputsMarkdown(rows), "docs/outputs.md is old: run make golden").toBe(
      true,
    ));

  it("has no password and no secret key in the clear", () =>
    expect(rows.filter(({ name, secret }) => /password|secretkey/i.test(name) && !secret)).toEqual([]));
});
