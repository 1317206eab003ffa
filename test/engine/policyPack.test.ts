import { execa } from "execa";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "../../local/paths.ts";
import { compilePolicies, policyArguments } from "../../local/pulumi/policies.ts";
import { ensureEngine } from "../../local/pulumi/engine.ts";
import type { Resource } from "../../policies/read/resource.ts";
import { readGolden } from "../support/golden.ts";

let folder: string;
let engine: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "policies-"));
  engine = (await ensureEngine(join(repository, ".toolchain"), () => undefined)).folder;
  await compilePolicies();
}, 10 * 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A state file as `pulumi stack export` writes it. */
function stateOf(resources: readonly Resource[]): string {
  const urn = ({ type, name }: Pick<Resource, "type" | "name">) => `urn:pulumi:prod::dify-ha::${type}::${name}`;
  const state = resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ type, name, inputs, protect = false }) => ({
      urn: urn({ type, name }),
      custom: true,
      id: name,
      type,
      inputs,
      outputs: inputs,
      protect,
    }));
  const manifest = { time: "2026-01-01T00:00:00Z", magic: "", version: "" };
  return JSON.stringify({ version: 3, deployment: { manifest, resources: state } });
}

/** Has the engine judge a state, with production's settings. */
async function analyze(resources: readonly Resource[]) {
  const file = join(folder, "state.json");
  await writeFile(file, stateOf(resources));
  return execa("pulumi", ["policy", "analyze", "--file", file, ...policyArguments("prod")], {
    cwd: folder,
    reject: false,
    all: true,
    env: {
      PATH: [engine, join(repository, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
      PULUMI_HOME: join(folder, "home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
  });
}

describe("the engine judges an exported state", { timeout: 120_000 }, () => {
  it("passes what complies", async () => {
    const { all, exitCode } = await analyze(readGolden("prod"));
    expect(exitCode, all).toBe(0);
  });

  it("fails on one field, and names rule, place and remedy", async () => {
    const exposed = structuredClone(readGolden("prod"));
    const api = exposed.find(({ type, name }) => type.endsWith(":Deployment") && name === "api");
    Object.assign(api?.inputs["spec"] as object, {
      replicas: 3,
      template: { spec: { containers: [{ image: "api" }] } },
    });
    const { all, exitCode } = await analyze(exposed);
    expect(exitCode).not.toBe(0);
    expect(all).toMatch(/\[mandatory\].* pinned-images /);
    expect(all).toContain("name a full version or a digest");
  });
});
