import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostProblems, type HostFacts } from "../../../local/toolchain/checks.ts";
import { goProgram } from "../../../local/toolchain/go.ts";
import { atLeast, parseVersion } from "../../../local/toolchain/version.ts";

const enough: HostFacts = { platform: "linux", arch: "x64", freeBytes: 20e9, neededBytes: 13e9 };

describe("the machine", () => {
  it("is accepted when it has what is needed", () => expect(hostProblems(enough)).toEqual([]));

  it.each([
    ["a full disk", { freeBytes: 1.25e9 }, "The disk has 1.3 GB free but 13.0 GB are needed"],
    ["another system", { platform: "darwin" }, "runs on Linux (x64 or arm64), not on darwin x64"],
    ["another processor", { arch: "ia32" }, "not on linux ia32"],
  ])("is refused for %s, in one line with a way out", (_, change, message) => {
    const problems = hostProblems({ ...enough, ...change });
    expect(problems).toEqual([expect.stringContaining(message)]);
    expect(problems[0]).not.toContain("\n");
  });
});

describe("Go", () => {
  let folder: string;
  let old: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dify-ha-go-"));
    old = join(folder, "go");
    await writeFile(old, '#!/bin/sh\necho "go version go1.19.8 linux/amd64"\n');
    await chmod(old, 0o755);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("is found on this machine", async () => expect(await goProgram()).toMatch(/go$/));
  it("missing is one line that says what to install", () =>
    expect(goProgram([join(folder, "nothing")])).rejects.toThrow(
      /^Go is missing: install Go 1\.24 or later .*try again\.$/,
    ));
  it("too old is one line that names both versions", () =>
    expect(goProgram([old])).rejects.toThrow(/go is 1\.19\.8, but Go 1\.24 or later is needed: install it from/));
});

describe("versions", () => {
  it("compare part by part", () => {
    expect(atLeast([3, 255, 0], [3, 255, 0])).toBe(true);
    expect(atLeast([4, 0, 0], [3, 255, 0])).toBe(true);
    expect(atLeast([3, 99, 9], [3, 255, 0])).toBe(false);
  });
  it("are found inside a text", () => expect(parseVersion("v3.259.0-dev\n")).toEqual([3, 259, 0]));
});
