import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { alertsMarkdown, alertsPage } from "../../docs/alerts.ts";

it("lists every alert as docs/alerts.md says (a change that is meant: make golden)", () =>
  expect(readFileSync(alertsPage, "utf8") === alertsMarkdown(), "docs/alerts.md is old: run make golden").toBe(true));
