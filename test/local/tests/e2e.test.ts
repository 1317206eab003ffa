import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { repository } from "../../../local/paths.ts";

it("make e2e says that nothing runs on real nodes in the folder that it was given", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dify-ha-e2e-"));
  const { exitCode, stdout } = await execa("node", ["local/tests/e2e.ts"], {
    cwd: repository,
    preferLocal: true,
    env: { DIFY_HA_LOCAL: folder },
    reject: false,
  });
  await rm(folder, { recursive: true });
  expect(stdout.split("\n")).toEqual([
    "FAILED  the run itself",
    `    No stack on real nodes runs in ${folder}: bring one up with DIFY_HA_LOCAL=${folder} make up.`,
    "0 passed, 1 failed",
  ]);
  expect(exitCode).toBe(1);
});
