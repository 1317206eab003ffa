import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { policiesMarkdown, policiesPage } from "../../docs/policies.ts";

it("lists every rule as docs/policies.md says (a change that is meant: make golden)", () =>
  expect(readFileSync(policiesPage, "utf8") === policiesMarkdown(), "docs/policies.md is old: run make golden").toBe(
    true,
  ));
