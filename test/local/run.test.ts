import { mkdtemp, readFile, rm, symlink, writeFile, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { repository } from "../../local/paths.ts";

const run = join(repository, "local", "run");

describe("local/run", () => {
  let path: string;

  /** A PATH with little on it. */
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "dify-ha-path-"));
    for (const program of ["dirname", "find"]) await symlink(join("/usr/bin", program), join(path, program));
  });
  afterEach(() => rm(path, { recursive: true }));

  const start = (...args: string[]) =>
    execa("/bin/sh", [run, ...args], { env: { PATH: path }, extendEnv: false, reject: false });

  it("says in one line that Node.js is missing", async () => {
    const { exitCode, stderr } = await start("status");
    expect(stderr).toBe("Node.js is missing: install 20.19 or later (https://nodejs.org) and try again.");
    expect(exitCode).toBe(1);
  });

  it("says in one line that Node.js is too old", async () => {
    // The real Node.js judges, as if it were an old one.
    const node = join(path, "node");
    const old = 'Object.defineProperty(process, "versions", { value: { node: "18.20.4" } });';
    await writeFile(node, `#!/bin/sh\n[ "$1" = -e ] && exec ${process.execPath} -e '${old}'"$2"\necho v18.20.4\n`);
    await chmod(node, 0o755);
    const { exitCode, stderr } = await start("status");
    expect(stderr).toBe(
      "Node.js is v18.20.4, but 20.19 or later is needed: install it from https://nodejs.org and try again.",
    );
    expect(exitCode).toBe(1);
  });
});

describe("the Makefile", () => {
  it("lists every target with a line that says what it is for", async () => {
    const text = await readFile(join(repository, "Makefile"), "utf8");
    const targets = /^\.PHONY: (.*)$/m.exec(text)?.[1]?.split(" ") ?? [];
    const { stdout } = await execa("make", ["help"], { cwd: repository });
    expect(stdout.split("\n").map((line) => /^ {2}make (\w+) +\S/.exec(line)?.[1])).toEqual(targets);
    expect(targets).toEqual(
      expect.arrayContaining(["up", "down", "status", "test", "golden", "lint", "bench", "clean"]),
    );
  });
});
