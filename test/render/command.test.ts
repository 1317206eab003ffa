import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "../../local/paths.ts";
import { readGolden } from "../support/golden.ts";
import { environments } from "../support/stack.ts";

/** Each run is a process of its own that loads the whole program. */
const timeout = 60_000;

const render = (...args: string[]) =>
  execa(process.execPath, [join(repository, "render", "command.ts"), ...args], { reject: false });

async function filesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, "utf8")]),
  );
  return Object.fromEntries(texts) as Record<string, string>;
}

describe("npm run render", { timeout }, () => {
  let work: string;
  let out: string;

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "dify-ha-render-"));
    out = join(work, "staging");
    expect(await render("--stack", "staging", "--out", out)).toMatchObject({ exitCode: 0, stderr: "" });
  }, timeout);
  afterAll(() => rm(work, { recursive: true }));

  it.each(environments)("writes what the golden list of %s has, Secrets aside", async (environment) => {
    const folder = join(work, `all-${environment}`);
    expect(await render("--stack", environment, "--out", folder)).toMatchObject({ exitCode: 0, stderr: "" });
    const { "RENDERED.md": notes, ...texts } = await filesOf(folder);
    const objects = Object.values(texts).map((text) => parse(text, { version: "1.1" }) as unknown);
    const golden = readGolden(environment)
      .filter(({ type, inputs }) => type.startsWith("kubernetes:") && inputs["kind"] !== "Secret")
      .map(({ inputs }) => inputs);
    const inOrder = (list: readonly unknown[]) => list.map((object) => JSON.stringify(object)).sort();
    // Both have the keys of every object in order.
    expect(inOrder(objects)).toEqual(inOrder(golden));
    expect(notes).toContain(`${golden.length} objects`);
    expect(Object.values(texts).filter((text) => text.includes("generated-password-of-"))).toEqual([]);
  });

  it("writes the same again, removes what is no longer there, and leaves files of others", async () => {
    const before = await filesOf(out);
    const [first = ""] = Object.keys(before);
    const stale = (before[first] ?? "").replace(/^kind:.*/m, "kind: Old");
    await writeFile(join(out, "_cluster", "old.yaml"), stale);
    await writeFile(join(out, "kustomization.yaml"), "resources: []\n");
    await writeFile(join(out, first), "");
    expect(await render("--stack", "staging", "--out", out)).toMatchObject({ exitCode: 0 });
    expect(await filesOf(out)).toEqual({ ...before, "kustomization.yaml": "resources: []\n" });
  });

  it("renders Secrets when asked", async () => {
    const folder = join(work, "secrets");
    const { stdout } = await render("--stack", "staging", "--out", folder, "--secrets");
    const secrets = Object.entries(await filesOf(folder)).filter(([path]) => path.includes("/secret-"));
    expect(stdout).not.toContain("left out");
    expect(secrets.map(([path]) => path)).toContain("dify-staging/secret-dify-environment.yaml");
    expect(secrets.map(([, text]) => text).join("\n")).toContain("generated-password-of-difySecretKey");
  });

  it.each([
    [
      "a stack that is not there",
      ["--stack", "nope"],
      'There is no stack "nope" here: Pulumi.<stack>.yaml is there for',
    ],
    ["no stack", [], "required option '--stack <name>' not specified"],
  ])("refuses %s in one line, and writes nothing", async (_, args, message) => {
    const folder = join(work, "refused");
    const { exitCode, stderr, stdout } = await render(...args, "--out", folder);
    expect({ exitCode, stdout, lines: stderr.split("\n").length }).toEqual({ exitCode: 1, stdout: "", lines: 1 });
    expect(stderr).toContain(message);
    await expect(readdir(folder)).rejects.toThrow("ENOENT");
  });

  it("leaves a folder of others alone, unless it is told to", async () => {
    const folder = join(work, "foreign");
    await mkdir(join(folder, "_cluster"), { recursive: true });
    await writeFile(join(folder, "notes.txt"), "mine");
    const refused = await render("--stack", "staging", "--out", folder);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: `${folder} has files, such as notes.txt, and none was rendered from stack staging. Name another folder, or write beside and over them with --force.`,
    });
    expect(await filesOf(folder)).toEqual({ "notes.txt": "mine" });
    expect(await render("--stack", "staging", "--out", folder, "--force")).toMatchObject({ exitCode: 0 });
    expect(await filesOf(folder)).toMatchObject({ "notes.txt": "mine", "RENDERED.md": expect.any(String) as string });
  });

  it("does not write over another stack's files", async () => {
    const before = await filesOf(out);
    const { exitCode, stderr } = await render("--stack", "prod", "--out", out);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("none was rendered from stack prod");
    expect(await filesOf(out)).toEqual(before);
  });
});
