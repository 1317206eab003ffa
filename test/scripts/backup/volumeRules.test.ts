import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { script } from "../../../components/backup/scripts.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";

usesDebian();

it.each([
  ["lets old snapshots go, and never the newest good one", "snapshot_retention_rules.py"],
  ["makes the Job that copies a volume, or says why there can be none", "volume_copy_job_rules.py"],
])("%s", { timeout: 60_000 }, async (_, rules) => {
  const modules = ["snapshot_retention.py", "volume_copy_job.py"];
  const result = await runInDebian({
    argv: ["python3", "-B", `/opt/test/${rules}`],
    files: {
      ...Object.fromEntries(modules.map((name) => [`/opt/dify-ha/${name}`, script(name)])),
      [`/opt/test/${rules}`]: readFileSync(new URL(`./${rules}`, import.meta.url), "utf8"),
    },
    env: { PYTHONPATH: "/opt/dify-ha" },
  });
  expect(result.exitCode, result.stderr).toBe(0);
});
