import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { repository } from "../../../local/paths.ts";
import { conclusion } from "../../../local/tests/check.ts";
import { shellScripts } from "../../../local/tests/lint.ts";
import { runVitest, tally } from "../../../local/tests/vitest.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dify-ha-runner-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the count of tests", () => {
  it("comes from vitest's own report, a file that does not load being one failure", { timeout: 60_000 }, async () => {
    await writeFile(join(folder, "a.test.js"), 'it("holds", () => {}); it("fails", () => expect(1).toBe(2));');
    await writeFile(join(folder, "b.test.js"), 'import "./missing.js"; it("never runs", () => {});');
    await writeFile(join(folder, "c.test.js"), 'it("holds", () => {}); it.skip("later", () => {});');
    const found = await runVitest(["--root", folder, "--globals"], "ignore");
    expect(conclusion(found).replaceAll(/\S*\/dify-ha-runner-\w+\//g, "")).toMatch(
      /^FAILED {2}a\.test\.js: fails\n {4}AssertionError: expected 1 to be 2[^]*\nFAILED {2}b\.test\.js\n {4}.*missing\.js[^]*\n2 passed, 2 failed$/,
    );
  });

  it("is one failure when there is no report", () =>
    expect(conclusion(tally(undefined, true))).toMatch(/left no report[^]*\n0 passed, 1 failed$/));

  it("is never without failure when the run itself failed", () =>
    expect(conclusion(tally({ numPassedTests: 5, testResults: [] }, false))).toMatch(
      /outside of tests[^]*\n5 passed, 1 failed$/,
    ));
});

describe(".ci/run", () => {
  /** The real script beside a Makefile whose tests end in a given way. */
  async function runWith(recipe: string) {
    await mkdir(join(folder, ".ci"));
    await cp(join(repository, ".ci", "run"), join(folder, ".ci", "run"));
    await writeFile(join(folder, "Makefile"), `test:\n\t@${recipe}\n`);
    const { stdout, exitCode } = await execa(join(folder, ".ci", "run"), { reject: false });
    return { last: stdout.split("\n").at(-1), exitCode };
  }

  it("ends with the count and succeeds when nothing failed", async () =>
    expect(await runWith('echo "12 passed, 0 failed"')).toEqual({ last: "12 passed, 0 failed", exitCode: 0 }));

  it("ends with the count and fails when something failed", async () => {
    const { last, exitCode } = await runWith('echo "11 passed, 1 failed"; exit 1');
    expect(last).toBe("11 passed, 1 failed");
    expect(exitCode).not.toBe(0);
  });

  it("counts one failure when nothing could be run", async () => {
    const { last, exitCode } = await runWith('echo "Go is missing"; exit 1');
    expect(last).toBe("0 passed, 1 failed");
    expect(exitCode).not.toBe(0);
  });
});

describe("the scripts that are checked", () => {
  it("are those with a shell in their first line or name", async () => {
    await execa("git", ["init", "-q"], { cwd: folder });
    await writeFile(join(folder, "a.sh"), "echo\n");
    await writeFile(join(folder, "b"), "#!/usr/bin/env bash\n");
    await writeFile(join(folder, "c"), "#!/bin/sh\n");
    await writeFile(join(folder, "d"), "#!/usr/bin/env python3\n");
    await writeFile(join(folder, "e"), "");
    expect((await shellScripts(folder)).toSorted()).toEqual(["a.sh", "b", "c"]);
  });
});
