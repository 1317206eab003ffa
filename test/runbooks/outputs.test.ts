import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { outputRows } from "../../docs/outputs.ts";
import type { StackOutputs } from "../../outputs.ts";
import { readOutputs, type OutputNames } from "../../runbooks/outputs.ts";
import { declare } from "../support/mocks.ts";
import { stackConfiguration } from "../support/stack.ts";

/** All that there are, and so all that runbooks may name: the type checker refuses others. */
const declared = outputRows();

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
    "dify-ha:vectorStore": JSON.stringify({ kind: "qdrant" }),
    "dify-ha:backup": JSON.stringify({
      velero: { enabled: true },
      clusterEtcd: { endpoints: ["https://10.0.0.1:2379"], secret: "etcd-client", image: "etcd:3.6.1" },
      snapshots: { class: "ebs" },
      edge: { sites: [{ name: "north", claims: ["files"] }] },
    }),
    "dify-ha:network": JSON.stringify({ monitoringNamespace: "monitoring" }),
    "dify-ha:observability": JSON.stringify({ backend: "operator" }),
    "dify-ha:notices": JSON.stringify({ heartbeat: {} }),
    "secrets:noticeUrl-heartbeat": "https://heartbeat.example.com/k",
    "secrets:offsiteBackupsKey": "x".repeat(40),
    "secrets:offsiteCatalogueKey": "y".repeat(40),
  };
  const secrets = Object.keys(given).filter((key) => key.startsWith("secrets:"));
  pulumi.runtime.setAllConfig(given, [...new Set([...secretKeys, ...secrets])]);
  const { default: program } = await import("../../index.ts");
  let outputs: StackOutputs | undefined;
  await declare(() => (outputs = program()), "local");
  return outputs as StackOutputs;
}

const valueOf = <T>(output: pulumi.Input<T>) =>
  new Promise<T>((done) => void pulumi.output(output).apply((v) => done(v as T)));

describe("outputs", () => {
  it("are told by the program, one value each, secret where they must be", { timeout: 120_000 }, async () => {
    const outputs = await programOutputs();
    expect(Object.keys(outputs).toSorted()).toEqual(declared.map(({ name }) => name).toSorted());
    for (const { name, secret } of declared) {
      const output = pulumi.output(outputs[name as keyof StackOutputs] as unknown);
      expect(["string", "number"], `${name} is no single value`).toContain(typeof (await valueOf(output)));
      expect(await pulumi.isSecret(output), name).toBe(secret);
    }
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
