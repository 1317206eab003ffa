import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { runInDebian, usesDebian } from "../../support/debian.ts";

usesDebian();

const text = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

it("what Dify's library encrypts is read, and nothing else is", { timeout: 60_000 }, async () => {
  const { stdout, stderr } = await runInDebian({
    argv: ["python3", "-B", "/opt/test/vectors.py"],
    files: {
      "/opt/test/vectors.py": text("dify_keys_vectors.py"),
      "/opt/test/dify_keys.py": text("../../../scripts/drills/dify_keys.py"),
    },
  });
  expect(stderr).toBe("");
  expect(stdout).toBe("blocks\neax\ncredentials\nrefusals\npairs\n");
});
