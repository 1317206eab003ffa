import { join } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { repository } from "../../../local/paths.ts";
import { recordSchema } from "../../../runbooks/catalogue/record.ts";
import { clusterConfig, kubectl } from "../support/kubernetes.ts";
import { leaderPod, patroniProblems, sql } from "../support/patroni.ts";
import { runningStack, type Stack } from "../support/stack.ts";

/** Everything back to one instant by the command that people use, with the stack's own images, volumes and network policies. In this order. */
describe("a restore of the running stack", { timeout: 900_000 }, () => {
  let stack: Stack;
  let id: string;

  const restore = (...args: string[]) =>
    execa("node", [join("local", "cli.ts"), "restore", ...args], {
      cwd: repository,
      preferLocal: true,
      reject: false,
      stdin: "ignore",
    });
  const inDify = async (statement: string) => sql(await leaderPod(stack), statement, "dify");

  beforeAll(async () => {
    stack = runningStack();
    await inDify("CREATE TABLE IF NOT EXISTS kept (n int); TRUNCATE kept; INSERT INTO kept VALUES (1)");
    const namespace = stack.namespaces.data;
    const job = `job/before-${Date.now().toString(36)}`;
    await kubectl(
      stack,
      "create",
      `--namespace=${namespace}`,
      "job",
      "--from=cronjob/coordinated-backup",
      job.slice(4),
    );
    await kubectl(stack, "wait", `--namespace=${namespace}`, "--for=condition=complete", "--timeout=240s", job);
    const core = clusterConfig(stack).makeApiClient(CoreV1Api);
    const { items } = await core.listNamespacedConfigMap({ namespace, labelSelector: "dify-ha/catalogue=record" });
    const records = items.map(({ data }) => recordSchema.parse(JSON.parse(data?.["record.json"] ?? "")));
    id =
      records
        .map((record) => record.id)
        .sort()
        .at(-1) ?? "";
    await inDify("INSERT INTO kept VALUES (2)");
  }, 300_000);

  it("is refused where newer data would go, until they are given up by name", async () => {
    const { exitCode, stderr } = await restore("run", "--to", id);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("--discard-newer");
    expect(await inDify("SELECT count(*) FROM kept")).toBe("2");
  });

  it("says what it would do, and does nothing", async () => {
    const { exitCode, stdout, stderr } = await restore("run", "--to", id, "--discard-newer", "local", "--dry-run");
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain("last-backup");
    expect(await inDify("SELECT count(*) FROM kept")).toBe("2");
  });

  it("puts everything back, and finds nothing missing", async () => {
    const { exitCode, stdout, stderr } = await restore("run", "--to", id, "--discard-newer", "local");
    expect(exitCode, stdout + stderr).toBe(0);
    expect(await inDify("SELECT array_agg(n) FROM kept")).toBe("{1}");
    expect(await patroniProblems(stack)).toEqual([]);
  });
});
