import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, toolchainFolder } from "../../local/paths.ts";
import { ensurePrograms } from "../../local/prepare.ts";
import { environments } from "../support/stack.ts";
import { schemaLocation, writeSchemas } from "../support/jsonSchemas.ts";
import { excuses, type Excuse } from "./excuses.ts";

const timeout = 300_000;
const program = (name: string) => join(toolchainFolder, "bin", name);

let work: string;
let schemas: string;

beforeAll(async () => {
  await ensurePrograms(["linters"]);
  work = await mkdtemp(join(tmpdir(), "dify-ha-linters-"));
  schemas = join(work, "schemas");
  await writeSchemas(schemas);
  for (const stack of environments)
    await execa(process.execPath, [
      join(repository, "render/command.ts"),
      "--secrets",
      "--stack",
      stack,
      "--out",
      join(work, stack),
    ]);
}, 900_000);
afterAll(() => rm(work, { recursive: true }));

async function kubeconform(args: readonly string[], input = "") {
  const options = ["-strict", "-output", "json", "-summary", "-schema-location", schemaLocation(schemas)];
  const { stdout } = await execa(program("kubeconform"), [...options, ...args], { reject: false, input });
  return JSON.parse(stdout) as {
    readonly resources: readonly { readonly filename: string; readonly msg: string }[] | null;
    readonly summary: {
      readonly valid: number;
      readonly invalid: number;
      readonly errors: number;
      readonly skipped: number;
    };
  };
}

describe("kubeconform, with the schemas of the API server and of the custom resources", { timeout }, () => {
  it.each(environments)("accepts every manifest of %s", async (stack) => {
    const { resources, summary } = await kubeconform([join(work, stack)]);
    expect(resources ?? []).toEqual([]);
    expect(summary).toMatchObject({ invalid: 0, errors: 0, skipped: 0 });
    expect(summary.valid).toBeGreaterThan(150);
  });

  const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "sample" } };
  const schedule = { apiVersion: "velero.io/v1", kind: "Schedule", metadata: { name: "sample" } };
  it.each([
    ["a field that is misspelt", { ...config, dat: {} }, "'dat' not allowed"],
    ["a value of the wrong type", { ...config, data: { port: 80 } }, "got number, want string"],
    ["a custom resource without what it must have", { ...schedule, spec: {} }, "missing propert"],
    ["a kind that nobody knows", { ...config, kind: "Config" }, "could not find schema"],
  ])("refuses %s", async (_, object, message) => {
    const { resources } = await kubeconform(["-"], stringify(object));
    expect(resources?.map(({ msg }) => msg).join()).toContain(message);
  });
});

interface Scored {
  readonly type_meta: { readonly kind: string };
  readonly object_meta: { readonly name: string };
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly summary: string }[] | null;
  }[];
}

/** What kube-score holds against a stack: its check, what it says, of which object. */
async function findings(stack: string) {
  const { stdout: files } = await execa("find", [join(work, stack), "-name", "*.yaml"]);
  const args = ["score", "--kubernetes-version", "v1.36", "--output-format", "json", ...files.split("\n").sort()];
  const { stdout } = await execa(program("kube-score"), args, { reject: false, maxBuffer: 2 ** 26 });
  return (JSON.parse(stdout) as Scored[]).flatMap(({ type_meta: { kind }, object_meta: { name }, checks }) =>
    checks
      .filter(({ skipped, grade }) => !skipped && grade < 10)
      .flatMap(({ check, comments }) =>
        (comments ?? []).map(({ summary }) => ({ check: check.id, finding: summary, object: `${kind}/${name}` })),
      ),
  );
}

describe("kube-score", { timeout }, () => {
  it("finds nothing that has no excuse, and every excuse is needed", async () => {
    const found = (await Promise.all(environments.map(findings))).flat();
    const covers = ({ check, finding, objects }: (typeof excuses)[number], one: (typeof found)[number]) =>
      check === one.check && finding === one.finding && (objects === "every" || objects.includes(one.object));
    const unexcused = found.filter((one) => !excuses.some((excuse) => covers(excuse, one)));
    expect([...new Set(unexcused.map((one) => JSON.stringify(one)))]).toEqual([]);
    const objects = excuses.flatMap(({ objects, ...excuse }): Excuse[] =>
      objects === "every" ? [{ ...excuse, objects }] : objects.map((object) => ({ ...excuse, objects: [object] })),
    );
    expect(objects.filter((excuse) => !found.some((one) => covers(excuse, one)))).toEqual([]);
    expect(found.length).toBeGreaterThan(100);
  });
});
