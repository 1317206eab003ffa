import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runInDebian, usesDebian } from "../../support/debian.ts";

usesDebian();

const client = join(import.meta.dirname, "client");

it("sums up what clients were told, by stream and by time", async () => {
  const files = Object.fromEntries(
    readdirSync(client)
      .filter((file) => file.endsWith(".py"))
      .map((file) => [`/opt/workload/${file}`, readFileSync(join(client, file), "utf8")]),
  );
  const test = readFileSync(join(import.meta.dirname, "summary_figures.py"), "utf8");
  const result = await runInDebian({
    argv: ["python3", "-B", "/opt/test/summary_figures.py"],
    files: { ...files, "/opt/test/summary_figures.py": test },
    env: { PYTHONPATH: "/opt/workload" },
  });
  expect(result.exitCode, result.stderr).toBe(0);
});
