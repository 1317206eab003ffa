import { readFileSync } from "node:fs";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { assumed } from "../../docs/growth/assumptions.ts";
import { growthMarkdown, growthPage, growthTables } from "../../docs/growth.ts";
import { referenceFile } from "../../docs/settings.ts";
import { repository } from "../../local/paths.ts";
import { settings } from "../support/settings.ts";

/** A process that loads schemas, rules and components, on a busy machine. */
const timeout = 60_000;

const page = readFileSync(growthPage, "utf8");

const growth = (...args: string[]) =>
  execa(process.execPath, ["docs/growth.ts", ...args], { cwd: repository, reject: false });

describe("the page of growth", { timeout }, () => {
  it("says what the settings of prod and staging make of it (a change that is meant: make golden)", () =>
    expect(growthMarkdown(page) === page, "docs/growth.md is old: run make golden").toBe(true));

  it("is refused without its markers", () =>
    expect(() => growthMarkdown(page.replace("<!-- /staging -->", ""))).toThrow("no <!-- staging -->"));

  it("names settings that there are", () => {
    const known = [...readFileSync(referenceFile, "utf8").matchAll(/^\| `([^`]+)`/gm)].map(([, path = ""]) => path);
    const tables = growthTables(settings(), assumed());
    const columns = tables.map(({ head, rows }) => rows.map((row) => row[head.indexOf("Setting")] ?? ""));
    const names = columns.flat().flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
    const there = (name: string) => {
      const pattern = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", "\\w+")}(\\.|$)`);
      return known.some((path) => pattern.test(path));
    };
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !there(name))).toEqual([]);
  });

  it("leaves out what others run", () => {
    const bucket = (name: string) => ({ bucket: name, accessKey: "key" });
    const elsewhere = settings({
      postgres: { backend: "external", host: "postgres.example.com" },
      redis: { backend: "external", host: "redis.example.com" },
      objectStore: {
        backend: "s3",
        region: "eu-central-1",
        ...Object.fromEntries(["dify", "plugins", "backups", "catalogue"].map((name) => [name, bucket(`my-${name}`)])),
      },
    });
    const tables = growthTables(elsewhere, assumed());
    expect(tables.map(({ title }) => title)).toEqual(["Requests, tasks, pods", "Postgres", "What to do next"]);
    expect(tables[1]?.rows).toHaveLength(1);
  });
});

describe("the command", { timeout }, () => {
  it("prints the figures of a stack with those that are given", async () => {
    const { stdout, exitCode } = await growth("--stack", "staging", "--task-seconds", "60");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("2 pods x 10 = 20\n");
    expect(stdout).toMatch(/1 200 tasks an hour, of 60 s each/);
  });

  it.each([
    [["--stack", "nowhere"], 'There is no stack "nowhere" here'],
    [["--log-mb", "much"], "Give a number above 0."],
    [["--network-gbit", "0"], "Give a number above 0."],
  ])("says what is wrong with %j", async (args, message) => {
    const { stderr, exitCode } = await growth(...args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
  });
});
