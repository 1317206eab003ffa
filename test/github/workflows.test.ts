import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { repository, toolchainFolder } from "../../local/paths.ts";
import { ensurePrograms } from "../../local/prepare.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly environment?: string;
  readonly if?: string;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = join(repository, ".github", "workflows");
const names = readdirSync(folder);
const textOf = (path: string) => readFileSync(join(repository, path), "utf8");
const workflows = names.map((name) => ({ ...(parse(readFileSync(join(folder, name), "utf8")) as Workflow), name }));
const jobs = workflows.flatMap(({ name, jobs }) =>
  Object.entries(jobs).map(([id, job]) => ({ id: `${name} ${id}`, ...job })),
);
const stackAction = ".github/actions/stack/action.yml";
const all = [...names.map((name) => `.github/workflows/${name}`), stackAction].map(textOf).join("\n");

describe("workflows", () => {
  beforeAll(() => ensurePrograms(["linters"]), 600_000);

  it("are accepted by actionlint, with shellcheck over what they run", async () => {
    const { exitCode, stdout } = await execa(
      join(toolchainFolder, "bin", "actionlint"),
      ["-no-color", "-shellcheck", "shellcheck", ...names.map((name) => join(folder, name))],
      { cwd: repository, reject: false },
    );
    expect(stdout).toBe("");
    expect(exitCode).toBe(0);
  });

  it("pin every action by its commit, with its version beside it", () => {
    const used = all.split("\n").filter((line) => /^\s*(- )?uses:/.test(line) && !line.includes("uses: ./"));
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((line) => !/uses: [\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
    // One version of each everywhere.
    const pins = new Set(used.map((line) => line.replace(/^.*uses: /, "")));
    const actions = [...pins].map((pin) => pin.split("@")[0]);
    expect(actions.filter((action, i) => actions.indexOf(action) !== i)).toEqual([]);
  });

  it("allow nothing by default, and each job the least, for a limited time", () => {
    expect(workflows.filter(({ permissions }) => JSON.stringify(permissions) !== "{}").map(({ name }) => name)).toEqual(
      [],
    );
    expect(jobs.filter((job) => !job.permissions || !job["timeout-minutes"]).map(({ id }) => id)).toEqual([]);
    const writing = jobs.filter(({ permissions }) => Object.values(permissions ?? {}).includes("write"));
    expect(Object.fromEntries(writing.map(({ id, permissions }) => [id, permissions]))).toEqual({
      "comment.yml comment": { actions: "read", contents: "read", "pull-requests": "write" },
      "deploy.yml staging": { contents: "read", "id-token": "write" },
      "deploy.yml prod": { contents: "read", "id-token": "write" },
      "drift.yml drift": { contents: "read", "id-token": "write", issues: "write" },
      "drills.yml report": { contents: "read", "id-token": "write" },
      "pull-request.yml preview": { contents: "read", "id-token": "write" },
    });
  });

  it("give forks neither secrets nor a token that writes", () => {
    expect(workflows.filter(({ on }) => "pull_request_target" in on)).toEqual([]);
    const forForks = Object.entries(workflows.find(({ name }) => name === "pull-request.yml")?.jobs ?? {}).filter(
      ([, job]) => !job.if?.includes("github.event.pull_request.head.repo.full_name == github.repository"),
    );
    expect(forForks.map(([id]) => id)).toEqual(["check"]);
    expect(JSON.stringify(forForks)).not.toMatch(/secrets\.|vars\.|"write"|"environment":/);
  });

  it("check out what others wrote only where nothing may be written", () => {
    // A workflow_run sees secrets: the branch that started it must not be run there.
    const woken = workflows.filter(({ on }) => "workflow_run" in on);
    expect(woken).toHaveLength(1);
    expect(JSON.stringify(woken)).not.toMatch(/"ref":/);
  });

  it("deploy by an environment, whose settings say who approves", () => {
    const deploying = jobs.filter(({ steps }) => steps.some(({ run }) => run?.includes("make deploy")));
    expect(deploying.map(({ environment }) => environment)).toEqual(["staging", "prod"]);
    for (const { environment, steps } of deploying)
      expect(steps.some(({ run }) => run === `make deploy STACK=${environment}`)).toBe(true);
  });

  it("never put what an event says into a script", () => {
    const runs = jobs.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    expect(runs.filter((run) => /\$\{\{\s*github\./.test(run))).toEqual([]);
  });

  it("call make targets that exist", () => {
    const targets = [...textOf("Makefile").matchAll(/^([a-z0-9]+):/gm)].map(([, target]) => target);
    const called = [...all.matchAll(/\bmake ([a-z]+)/g)].map(([, target]) => target);
    expect(called.toSorted()).toEqual(["changes", "check", "deploy", "deploy", "drift", "plan"]);
    expect(called.filter((target) => !targets.includes(target))).toEqual([]);
  });

  it("install the Pulumi that the program was made for", () => {
    const { dependencies } = JSON.parse(textOf("package.json")) as { dependencies: Record<string, string> };
    expect(textOf(stackAction)).toContain(`pulumi-version: ${dependencies["@pulumi/pulumi"]}\n`);
  });
});
