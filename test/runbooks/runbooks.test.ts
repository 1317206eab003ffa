import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { secretNames } from "../../config/secrets.ts";
import { outputRows } from "../../docs/outputs.ts";
import { repository } from "../../local/paths.ts";
import { askedOutputs, fill, placeholdersOf } from "../../runbooks/runbook/fill.ts";
import { allRunbooks, headings } from "../../runbooks/runbook/read.ts";
import { dataSets } from "../../runbooks/status/dataSets.ts";

const runbooks = allRunbooks();
const names = runbooks.map(({ name }) => name);
const outputs = new Map(outputRows().map((row) => [row.name, row]));

interface Resource {
  readonly type: string;
  readonly inputs: {
    readonly metadata?: { readonly name?: string };
    readonly spec?: {
      readonly template?: { readonly spec?: { readonly containers?: readonly { readonly name: string }[] } };
    };
  };
}
const declared = JSON.parse(
  readFileSync(new URL("../golden/prod.json", import.meta.url), "utf8"),
) as readonly Resource[];
const objects = new Set(
  declared.map(({ type, inputs }) => `${type.split(":").at(-1)?.toLowerCase()}/${inputs.metadata?.name}`),
);
const containersOf = (workload: string) =>
  declared
    .filter(({ inputs }) => inputs.metadata?.name === workload)
    .flatMap(({ inputs }) => inputs.spec?.template?.spec?.containers ?? [])
    .map(({ name }) => name);

/** What a text names in its commands, as "cronjob/redis-rdb". Names in capitals stand for what a person puts there. */
function namedObjects(text: string): string[] {
  const found = [...text.matchAll(/\b(cronjob|service|statefulset|secret)[ /]([a-z][a-z0-9-]+)\b(?=[^`\n]*\n)/g)];
  const inCommands = found.filter(({ index }) => /kubectl/.test(text.slice(text.lastIndexOf("\n", index), index)));
  return inCommands.map(([, kind, name]) => `${kind}/${name}`);
}

describe.each(runbooks)("runbook $name", ({ text, title, when }) => {
  it("has a title, and the same parts as all", () => {
    expect(text.startsWith(`# ${title}\n`)).toBe(true);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(headings);
    expect(when).not.toBe("");
  });

  it("names outputs that there are, and shows none that is secret", () => {
    const shown = placeholdersOf(text);
    expect(shown.filter((name) => !outputs.has(name))).toEqual([]);
    expect(shown.filter((name) => outputs.get(name)?.secret)).toEqual([]);
    expect(askedOutputs(text).filter((name) => !outputs.has(name))).toEqual([]);
    for (const [command, name = ""] of text.matchAll(/pulumi stack output [^`\n)]*?(\w+)\)/g))
      expect(command.includes("--show-secrets"), command).toBe(outputs.get(name)?.secret);
  });

  it("names objects that the stack has", () => {
    expect(namedObjects(text).filter((each) => !objects.has(each))).toEqual([]);
    for (const [, pod = "", container = ""] of text.matchAll(/exec ([a-z]+)-\d -c ([a-z]+)/g))
      expect(containersOf(pod)).toContain(container);
  });

  it("names secrets and other runbooks that there are", () => {
    const secrets = [...text.matchAll(/secrets:([a-z]\w+)/g)].map(([, name]) => name);
    expect(secrets.filter((name) => !Object.keys(secretNames.shape).includes(name as string))).toEqual([]);
    const others = [...text.matchAll(/(?:: |see |in |by |\()`([a-z]+(?:-[a-z]+)+)`/g)].map(
      ([, name]) => name as string,
    );
    const jobs = [...objects].map((object) => object.split("/")[1]);
    expect(others.filter((name) => !names.includes(name) && !jobs.includes(name))).toEqual([]);
  });
});

describe("runbooks", () => {
  it("are there for all that the status names", () => {
    const named = Object.values(dataSets).map(({ runbook }) => runbook);
    expect([...named, "lock-or-credentials", "drill"].filter((name) => !names.includes(name))).toEqual([]);
  });

  it("keep the name of what has no value", () =>
    expect(fill("kubectl -n {{dataNamespace}} {{url}} {{stack}}", { dataNamespace: "d", stack: "prod" })).toBe(
      "kubectl -n d <url> prod",
    ));
});

describe("npm run runbook", { timeout: 60_000 }, () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "runbook-"));
    file = join(folder, "outputs.json");
    const values = [...outputs.values()].map(({ name, secret }) => [name, secret ? `hidden-${name}` : `value-${name}`]);
    await writeFile(file, JSON.stringify(Object.fromEntries(values)));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const run = (...args: string[]) =>
    execa(process.execPath, [join(repository, "runbooks/runbook.ts"), ...args], { reject: false, stdin: "ignore" });

  it("lists all", async () => {
    const { stdout, exitCode } = await run();
    for (const { name, title } of runbooks) expect(stdout).toMatch(new RegExp(`${name} +│ ${title}`));
    expect(exitCode).toBe(0);
  });

  it("fills values in, and prints no secret", async () => {
    const { stdout, exitCode } = await run("lock-or-credentials", "--stack", "prod", "--outputs", file);
    expect(stdout).toContain("--bucket value-backupBucket");
    expect(stdout).toContain("npm run status -- --stack prod");
    expect(stdout).not.toMatch(/hidden-|\{\{/);
    expect(exitCode).toBe(0);
  });

  it("is there when nothing can be asked", async () => {
    const { stdout, stderr, exitCode } = await run("lost-cluster", "--stack", "prod", "--outputs", "/nowhere");
    expect(stdout).toContain("kubectl -n <appNamespace> get service gateway");
    expect(stderr).toMatch(/^Values in <> are not filled in: Outputs cannot be read from \/nowhere/);
    expect(exitCode).toBe(0);
  });

  it("says which there are when it knows none of that name", async () => {
    const { stderr, exitCode } = await run("fire");
    expect(stderr).toBe(`There is no runbook "fire". There are: ${names.join(", ")}.`);
    expect(exitCode).toBe(1);
  });
});
