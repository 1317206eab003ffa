import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installedEngine } from "../../../local/pulumi/engine.ts";

describe("an installed Pulumi", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dify-ha-engine-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A folder of programs that print a text each. */
  async function programs(name: string, texts: Record<string, string>): Promise<string> {
    const path = join(folder, name);
    await mkdir(path);
    for (const [program, text] of Object.entries(texts)) {
      await writeFile(join(path, program), `#!/bin/sh\necho "${text}"\n`);
      await chmod(join(path, program), 0o755);
    }
    return path;
  }

  it("is used when it is new enough and has its language host", async () => {
    const path = await programs("bin", { pulumi: "v3.300.1", "pulumi-language-nodejs": "" });
    expect(await installedEngine(path, "none")).toEqual({ kind: "official", folder: path, version: "3.300.1" });
  });

  it("may have its language host elsewhere on PATH", async () => {
    const path = [await programs("a", { pulumi: "v3.255.0" }), await programs("b", { "pulumi-language-nodejs": "" })];
    expect(await installedEngine(path.join(delimiter), "none")).toMatchObject({ kind: "official", folder: path[0] });
  });

  it.each([
    [
      "too old",
      { pulumi: "v3.254.9", "pulumi-language-nodejs": "" },
      "the installed pulumi is 3.254.9, older than 3.255.0",
    ],
    ["without a language host", { pulumi: "v3.259.0" }, "the installed pulumi has no Node.js language host"],
    ["not there", {}, "no pulumi on PATH"],
  ])("is passed over with the reason when it is %s", async (_, texts, reason) => {
    expect(await installedEngine(await programs("bin", texts), "none")).toEqual({ reason });
  });

  it("is never our own", async () => {
    const path = await programs("engine", { pulumi: "v3.259.0", "pulumi-language-nodejs": "" });
    expect(await installedEngine(path, path)).toEqual({ reason: "no pulumi on PATH" });
  });
});
