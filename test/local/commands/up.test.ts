import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa, type Options } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "../../../local/paths.ts";
import { eventually } from "../../support/cluster.ts";

/** The stack's own deployment takes 40 s alone on two cores. */
const minutes = 60_000;

describe("make up and make down", { timeout: 5 * minutes }, () => {
  let parent: string;
  let folder: string;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), "dify-ha-up-"));
    folder = join(parent, "local");
  });
  afterAll(async () => {
    await local("down");
    await rm(parent, { recursive: true });
  }, minutes);

  const options = (env: Record<string, string> = {}) =>
    ({
      cwd: repository,
      env: { DIFY_HA_LOCAL: folder, KUBECONFIG: "", NODES: "simulated", ...env },
      stdin: "ignore",
      all: true,
      reject: false,
    }) as const satisfies Options;
  const local = (...args: string[]) => execa("node", ["local/cli.ts", ...args], options());

  /** Everything that was started for this folder: its processes name it in their arguments or environment. */
  async function processesOfFolder(): Promise<string[]> {
    const found: string[] = [];
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
      if (`${await read("cmdline")}${await read("environ")}`.includes(folder)) found.push(await read("comm"));
    }
    return found;
  }

  it("says in one line that the cluster of KUBECONFIG does not answer, and makes nothing", async () => {
    const kubeconfig = join(parent, "kubeconfig");
    const cluster =
      '{ clusters: [{ name: a, cluster: { server: "https://127.0.0.1:1234" } }], current-context: a, contexts: [{ name: a, context: { cluster: a } }] }';
    await writeFile(kubeconfig, cluster);
    const { exitCode, stderr } = await execa("node", ["local/cli.ts", "up"], options({ KUBECONFIG: kubeconfig }));
    expect(stderr).toMatch(
      /^The cluster https:\/\/127\.0\.0\.1:1234 \(KUBECONFIG .*\) does not answer as it should: .*ECONNREFUSED.*$/,
    );
    expect(exitCode).toBe(1);
    expect(existsSync(folder)).toBe(false);
  });

  it("goes on after it was killed while deploying, and ends with what runs", async () => {
    const killed = execa("node", ["local/cli.ts", "up"], { ...options(), detached: true });
    for await (const line of killed) if (/apps\/v1:Deployment .* creating \(/.test(line)) break;
    // The whole group, Pulumi and its plugins as well: nobody can clean up.
    process.kill(-(killed.pid ?? Number.NaN), "SIGKILL");
    await killed;

    const { exitCode, all } = await local("up");
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/\d+ create/);
    expect(all).toMatch(/postgres +│ StatefulSet │ 3\/3/);
    expect(all).toMatch(/difyDatabasePassword +\[secret\]/);
    expect(all).toContain("Next:");
  });

  it("says the second time that nothing changed", async () => {
    const { exitCode, all } = await local("up");
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/Nothing changed: all \d+ resources are as declared\./);
  });

  it("refuses to take another cluster for the one that was deployed to", async () => {
    const kubeconfig = join(parent, "other");
    await writeFile(kubeconfig, await readFile(join(folder, "cluster", "kubeconfig"), "utf8"));
    const target = JSON.parse(await readFile(join(folder, "target.json"), "utf8")) as Record<string, string>;
    await writeFile(join(folder, "target.json"), JSON.stringify({ ...target, clusterId: "another" }));
    const { exitCode, stderr } = await execa("node", ["local/cli.ts", "up"], options({ KUBECONFIG: kubeconfig }));
    await writeFile(join(folder, "target.json"), JSON.stringify(target));
    expect(stderr).toMatch(/^What runs was deployed to https:.*run make down first, or set KUBECONFIG back\.$/);
    expect(exitCode).toBe(1);
  });

  it("runs the runbook of backups on it: what lies in the cluster is read, whatever its object store does", async () => {
    const { stdout, exitCode } = await local("backups", "list");
    expect(stdout).toMatch(/^The catalogue is empty: .*\n\nThe catalogue bucket cannot be asked: /);
    expect(exitCode).toBe(0);
  });

  it("shows what runs, and runs kubectl and pulumi on it", async () => {
    expect((await local("status")).all).toMatch(/Cluster https:\/\/127\.0\.0\.1:\d+: healthy/);
    expect((await local("kubectl", "get", "nodes", "-o", "name")).stdout.split("\n")).toHaveLength(6);
    expect((await local("pulumi", "stack", "output", "url")).stdout).toMatch(/^https?:/);
  });

  it("goes down and leaves neither a process nor a file; down twice is no error", async () => {
    expect((await local("down")).exitCode).toBe(0);
    expect(await readdir(parent)).not.toContain("local");
    await eventually(processesOfFolder, (found) => found.length === 0, 5);
    expect((await local("down")).all).toBe("Nothing runs, nothing to remove.");
    expect((await local("status")).all).toBe("Nothing runs: make up starts everything.");
  });
});
