import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asMarkdown, asText, referenceFile, sectionsOf, settingsSections } from "../../docs/settings.ts";

// The type checker reads the schemas for their comments, which takes seconds on a busy machine.
const sections = settingsSections();
const rows = sections.flatMap((section) => section.rows);

describe("settings reference", () => {
  it("gives every section, setting and secret a meaning and a value", () => {
    expect(sections.filter((section) => section.meaning === "").map(({ name }) => name)).toEqual([]);
    expect(rows.filter((row) => row.meaning === "" || row.value === "").map(({ path }) => path)).toEqual([]);
  });

  it("is what docs/settings.md says (a change that is meant: make golden)", () => {
    expect(
      readFileSync(referenceFile, "utf8") === asMarkdown(sections),
      "docs/settings.md is old: run make golden",
    ).toBe(true);
  });

  it("names bounds, checks and defaults in plain words", () => {
    expect(rows.find((row) => row.path === "redis.members")).toMatchObject({
      value: "whole number 3 to 7, odd, so that a majority survives a zone",
      default: "`3`",
      variants: ["sentinel"],
    });
    expect(rows.find((row) => row.path === "postgres.storage")?.value).toBe('size such as "512Mi" or "20Gi"');
    expect(rows.filter((row) => /\bmust (be|name|not)\b/.test(row.value))).toEqual([]);
  });

  it("tells what must be given from what is optional or chosen by default", () => {
    const defaults = new Map(rows.map((row) => [row.path, row.default]));
    expect(defaults.get("objectStore.region")).toBe("must be given");
    expect(defaults.get("cluster.context")).toBe("none");
    expect(defaults.get("vectorStore.kind")).toBe('`"pgvector"`');
  });

  it("shows a changed default and bound", () => {
    const reference = (members: number, most: number) => {
      const redis = z.strictObject({ members: z.number().int().min(3).max(most).default(members) });
      const made = sectionsOf(z.strictObject({ redis }), new Map([["redis.members", "Servers."]]));
      return [asMarkdown(made), asText(made)] as const;
    };
    const [markdown, text] = reference(5, 9);
    expect(markdown).toContain("| `redis.members` | Servers. | whole number 3 to 9 | `5` |");
    expect(text).toContain("redis.members\n    Servers.\n    whole number 3 to 9; default: 5\n");
    expect(reference(3, 9)).not.toEqual([markdown, text]);
  });
});
