import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { secretOutputs, type StackOutputs } from "../../outputs.ts";
import { catalogueOutputs } from "../../runbooks/catalogue/open.ts";
import { readOutputs, type OutputNames } from "../../runbooks/outputs.ts";
import { declare } from "../support/mocks.ts";
import { stackConfiguration } from "../support/stack.ts";

/** All that runbooks name; the type checker refuses a name that outputs.ts does not have. */
const named = [catalogueOutputs].flatMap(({ needed, optional }) => [...needed, ...optional]);

/** A stack with everything that an output may tell of. */
async function programOutputs(): Promise<StackOutputs> {
  const { values, secretKeys } = stackConfiguration("local");
  const offsite = {
    backend: "s3",
    endpoint: "https://backups.example.com",
    caCertificate: "-----BEGIN CERTIFICATE-----\n",
    backups: { bucket: "far-backups", accessKey: "far-backups" },
    catalogue: { bucket: "far-catalogue", accessKey: "far-catalogue" },
  };
  const given = {
    ...values,
    "dify-ha:offsite": JSON.stringify(offsite),
    "dify-ha:cluster": JSON.stringify({ context: "there" }),
    "secrets:offsiteBackupsKey": "x".repeat(40),
    "secrets:offsiteCatalogueKey": "y".repeat(40),
  };
  pulumi.runtime.setAllConfig(given, [...secretKeys, "secrets:offsiteBackupsKey", "secrets:offsiteCatalogueKey"]);
  const { default: program } = await import("../../index.ts");
  let outputs: StackOutputs | undefined;
  await declare(() => (outputs = program()), "local");
  return outputs as StackOutputs;
}

const valueOf = <T>(output: pulumi.Input<T>) =>
  new Promise<T>((done) => void pulumi.output(output).apply((v) => done(v as T)));

describe("outputs that runbooks name", () => {
  it("are told by the program, one value each, secret where they must be", { timeout: 120_000 }, async () => {
    const outputs = await programOutputs();
    const secret: readonly string[] = secretOutputs;
    for (const name of named) {
      const value = await valueOf<unknown>(outputs[name]);
      expect(["string", "number"], `${name} is no single value`).toContain(typeof value);
      expect(await pulumi.isSecret(pulumi.output(outputs[name] as unknown)), name).toBe(secret.includes(name));
    }
    expect(named.length).toBeGreaterThan(10);
  });

  it("exist: the compiler refuses others", () => {
    // @ts-expect-error There is no such output.
    const unknown: OutputNames = { needed: ["noSuchOutput"], optional: [] };
    // @ts-expect-error Not every stack has a second site.
    const notEverywhere: OutputNames = { needed: ["offsiteEndpoint"], optional: [] };
    expect([unknown, notEverywhere]).toHaveLength(2);
  });
});

describe("outputs of a stack", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "outputs-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const names = { needed: ["dataNamespace", "backupSecretKey"], optional: ["offsiteEndpoint"] } as const;
  async function fromFile(text: string) {
    const file = join(folder, "outputs.json");
    await writeFile(file, text);
    return readOutputs(names, { file });
  }

  it("are read from a file, and no others than those that were named", async () => {
    const outputs = await fromFile('{ "dataNamespace": "dify-data", "backupSecretKey": "k", "url": "https://dify" }');
    expect(outputs).toEqual({ dataNamespace: "dify-data", backupSecretKey: "k" });
  });

  it.each([
    [
      "one is missing",
      '{ "dataNamespace": "dify-data" }',
      /^Outputs are missing in .*: backupSecretKey\. Run pulumi up once/,
    ],
    ["secrets were not asked for", '{ "dataNamespace": "d", "backupSecretKey": "[secret]" }', /--show-secrets$/],
    ["the file is something else", "[]", /^Outputs cannot be read from .*: it is no JSON object/],
  ])("are asked for in one line when %s", (_, text, message) => expect(fromFile(text)).rejects.toThrow(message));

  it("say so when the file is not there", () =>
    expect(readOutputs(names, { file: join(folder, "none.json") })).rejects.toThrow(/cannot be read from .*ENOENT/));

  it("say so when there is no pulumi", async () => {
    vi.stubEnv("PATH", folder);
    await expect(readOutputs(names, {}).finally(() => vi.unstubAllEnvs())).rejects.toThrow(
      /^There is no pulumi on PATH/,
    );
  });
});
