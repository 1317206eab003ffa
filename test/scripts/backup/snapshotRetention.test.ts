import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { script } from "../../../components/backup/scripts.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";

usesDebian();

it("lets old snapshots go, and never the newest good one", { timeout: 60_000 }, async () => {
  const result = await runInDebian({
    argv: ["python3", "-B", "/opt/test/snapshot_retention_rules.py"],
    files: {
      "/opt/dify-ha/snapshot_retention.py": script("snapshot_retention.py"),
      "/opt/test/snapshot_retention_rules.py": readFileSync(
        new URL("./snapshot_retention_rules.py", import.meta.url),
        "utf8",
      ),
    },
    env: { PYTHONPATH: "/opt/dify-ha" },
  });
  expect(result.exitCode, result.stderr).toBe(0);
});
