import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { repository, toolchainFolder } from "../../../local/paths.ts";
import { ensureEngine } from "../../../local/pulumi/engine.ts";
import { ensureStack, openWorkspace } from "../../../local/pulumi/workspace.ts";
import type { OutputValues } from "../../../outputs.ts";
import { openCatalogue, type CatalogueOutputs } from "../../../runbooks/catalogue/open.ts";
import type { BackupRecord } from "../../../runbooks/catalogue/record.ts";
import { writeRecord } from "../../../runbooks/catalogue/write.ts";
import { clusterTimeout, testCluster, testNamespace, type TestCluster } from "../../support/cluster.ts";
import { usesDebian } from "../../support/debian.ts";
import { forwardedService } from "../../support/podForward.ts";
import { issueCertificates, loopbackNames } from "../../support/servers.ts";
import { freePort } from "../../support/servers/server.ts";
import { recordAt } from "../catalogue/sample.ts";
import { startSites, type Sites } from "../sites.ts";

usesDebian();

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const dump = "REDIS0011";
const manifest = "files/a v1 10 etag\n";

const recordOf = (instant: string): BackupRecord =>
  recordAt(instant, {
    buckets: [
      { bucket: "dify-files", count: 1, bytes: 5 * 2 ** 30, checksum: sha256(manifest), manifest: "manifests/a" },
    ],
    redis: { object: "redis/dump.rdb", bytes: dump.length, checksum: sha256(dump) },
  });
const older = recordOf("2026-11-21T02:00:00Z");
const newer = recordOf("2026-11-22T02:00:00Z");

/** The command against a real API server, through which alone the near buckets are reached, and a far bucket that is called directly. */
describe("npm run backups", { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let namespace: string;
  let sites: Sites;
  let folder: string;
  let outputs: CatalogueOutputs;
  let endForward: () => Promise<void>;

  beforeAll(async () => {
    cluster = await testCluster();
    namespace = await testNamespace(cluster);
    folder = await mkdtemp(join(tmpdir(), "backups-"));
    const host = `minio-s3.${namespace}.svc.cluster.local`;
    sites = await startSites(["catalogue", "far", "backups", "empty"], [host]);
    const { minio, certificate } = sites;
    endForward = await forwardedService(cluster, { namespace, service: "minio-s3", port: 9000, target: minio.port });
    outputs = {
      dataNamespace: namespace,
      objectStoreEndpoint: `https://${host}:9000`,
      objectStoreRegion: "us-east-1",
      objectStoreAddressing: "path",
      certificateAuthority: certificate.authority,
      catalogueBucket: "catalogue",
      catalogueAccessKey: minio.rootUser,
      catalogueSecretKey: minio.rootPassword,
      backupBucket: "backups",
      backupAccessKey: minio.rootUser,
      backupSecretKey: minio.rootPassword,
      postgresBackups: "pgbackrest/backup/dify",
      offsiteEndpoint: minio.endpoint,
      offsiteRegion: "us-east-1",
      offsiteAddressing: "path",
      offsiteCertificateAuthority: certificate.authority,
      offsiteCatalogueBucket: "far",
      offsiteCatalogueAccessKey: minio.rootUser,
      offsiteCatalogueSecretKey: minio.rootPassword,
    };
    await fill();
  }, clusterTimeout);
  afterAll(async () => {
    await endForward();
    await sites.stop();
    await rm(folder, { recursive: true });
  });

  /** Writes both records as a backup would, and all that they name. */
  async function fill(): Promise<void> {
    vi.stubEnv("KUBECONFIG", cluster.kubeconfig);
    const catalogue = openCatalogue(outputs);
    for (const record of [older, newer]) {
      const written = await writeRecord(catalogue.places, record);
      expect(written).toEqual({ places: ["catalogue bucket", "off-site bucket", "cluster"], failed: [] });
      await sites.put(`backups/pgbackrest/backup/dify/${record.postgres.backups[0]}/backup.manifest`, "sealed");
    }
    await catalogue.close();
    vi.unstubAllEnvs();
    await sites.put("backups/manifests/a", manifest);
    await sites.put("backups/redis/dump.rdb", dump);
  }

  /** Undefined: the stack has no such output. */
  type Changes = { readonly [Name in keyof OutputValues]?: OutputValues[Name] | undefined };

  interface Circumstances {
    readonly outputs?: Changes;
    readonly kubeconfig?: string;
  }

  async function backups(args: readonly string[], { outputs: changes, kubeconfig }: Circumstances = {}) {
    const file = join(folder, "outputs.json");
    await writeFile(file, JSON.stringify({ ...outputs, ...changes }));
    return execa(process.execPath, [join(repository, "runbooks/backups.ts"), ...args, "--outputs", file], {
      env: { KUBECONFIG: kubeconfig ?? cluster.kubeconfig },
      reject: false,
      stdin: "ignore",
    });
  }

  /** A kubeconfig whose cluster nobody serves. */
  async function nowhere(): Promise<string> {
    const file = join(folder, "nowhere");
    const server = cluster.config.getCurrentCluster()?.server ?? "";
    const text = await readFile(cluster.kubeconfig, "utf8");
    await writeFile(file, text.replaceAll(server, `https://127.0.0.1:${await freePort()}`));
    return file;
  }

  const core = () => cluster.config.makeApiClient(CoreV1Api);
  const nameOf = ({ id }: BackupRecord) => `backup-record-${id.toLowerCase()}`;

  it("lists what lies in three places", async () => {
    const { stdout, exitCode, stderr } = await backups(["list"]);
    expect(exitCode, stderr).toBe(0);
    const rows = stdout.split("\n").filter((line) => line.includes("Z-3f9c"));
    expect(rows[0]).toMatch(
      /^│ 20261122T020000Z-3f9c │ 2026-11-22T02:00:00Z │ .* │ 1\.2 s │ 1\.15\.0 │ 20261122-020000F +│ 5\.0 GiB │ 3\/3 +│$/,
    );
    expect(rows).toHaveLength(2);
    expect(stdout.trimEnd().endsWith("┘")).toBe(true);
  });

  it("keeps the cluster's copy in a ConfigMap that can be found", async () => {
    const labelSelector = "dify-ha/catalogue=record";
    const { items } = await core().listNamespacedConfigMap({ namespace, labelSelector });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual([nameOf(older), nameOf(newer)]);
    expect(JSON.parse(items[1]?.data?.["record.json"] ?? "")).toEqual(newer);
  });

  it("shows all of a record, and as JSON", async () => {
    const { stdout } = await backups(["show", "latest"]);
    expect(stdout).toMatch(/^Backup 20261122T020000Z-3f9c of stack prod\n/);
    expect(stdout).toMatch(
      /Copies\n {2}catalogue bucket {2}agrees\n {2}off-site bucket {3}agrees\n {2}cluster {11}agrees$/,
    );
    const { stdout: json } = await backups(["show", older.id, "--json"]);
    expect(JSON.parse(json)).toMatchObject({ id: older.id, record: older, outvoted: [] });
  });

  it("finds everything in order", async () => {
    const { stdout, exitCode } = await backups(["verify"]);
    expect(stdout).toMatch(/3 of 3 places agree on its record .*\.\nAll that it names is there, unchanged\.$/);
    expect(stdout).toMatch(/^Manifest of bucket dify-files$/m);
    expect(exitCode).toBe(0);
  });

  it("outvotes a damaged copy in the cluster and a missing one far away, and says so", async () => {
    const body = [{ op: "replace", path: "/data/record.json", value: "{" }];
    await core().patchNamespacedConfigMap({ name: nameOf(newer), namespace, body });
    await sites.remove(`far/records/${older.id}.json`);
    const { stdout, exitCode } = await backups(["list"]);
    expect(stdout.match(/2\/3/g)).toHaveLength(2);
    expect(stdout.split("\n").slice(-2)).toEqual([
      `${newer.id}: the cluster has a copy that is no JSON`,
      `${older.id}: the off-site bucket has no copy`,
    ]);
    expect(exitCode).toBe(0);
    const verified = await backups(["verify", newer.id]);
    const remedy = `write the record there again: npm run backups -- mend ${newer.id}`;
    expect(verified.stdout).toContain(`  cluster: has a copy that is no JSON; ${remedy}`);
    expect(verified.exitCode).toBe(0);
  });

  it("writes a record again where it is missing or damaged, and only says so before", async () => {
    const { stdout: planned } = await backups(["mend", newer.id, "--dry-run"]);
    expect(planned).toBe(`Record ${newer.id}: would be written to: cluster.`);
    expect((await backups(["list"])).stdout.match(/2\/3/g)).toHaveLength(2);
    expect((await backups(["mend"])).stdout).toBe(`Record ${newer.id}: written to: cluster.`);
    expect((await backups(["mend", older.id])).stdout).toBe(`Record ${older.id}: written to: off-site bucket.`);
    expect((await backups(["list"])).stdout.match(/3\/3/g)).toHaveLength(2);
    expect((await backups(["mend"])).stdout).toBe(`Record ${newer.id}: every place has it.`);
  });

  it("removes no record while no backup is whole, nor one whose copies disagree", async () => {
    await sites.remove("backups/manifests/a");
    const refused = await backups(["prune", "--days", "1", "--at-least", "1"]);
    expect(refused.stderr).toMatch(/^None of 2 backups is whole, so no record was removed: "verify ID" says/);
    expect(refused.exitCode).toBe(1);
    await sites.put("backups/manifests/a", manifest);
    await sites.remove(`far/records/${older.id}.json`);
    await core().deleteNamespacedConfigMap({ name: nameOf(older), namespace });
    const { stdout } = await backups(["prune", "--days", "1", "--at-least", "1"]);
    expect(stdout).toMatch(/^0 records were removed, 2 stay/);
    expect(stdout).toContain(`${older.id} stays: its copies disagree.`);
    await fill();
  });

  it("removes old records from every place, and only says so before", async () => {
    const old = ["prune", "--days", "1", "--at-least", "1"];
    const planned = await backups([...old, "--dry-run"]);
    expect(planned.stdout.split("\n")).toEqual([
      "1 records would be removed, 1 stay (younger than 1 days, the newest 1, and the newest that is whole).",
      `  ${older.id}`,
    ]);
    expect((await backups(["list"])).stdout.match(/3\/3/g)).toHaveLength(2);
    expect((await backups(["prune", "--days", "0"])).stderr).toContain("Give a whole number, 1 or more.");
    const { stdout, exitCode } = await backups(old);
    expect(stdout).toMatch(/^1 records were removed, 1 stay/);
    expect(exitCode).toBe(0);
    const listed = await backups(["list"]);
    expect(listed.stdout.match(/3\/3/g)).toHaveLength(1);
    expect(listed.stdout).not.toContain(older.id);
    await fill();
  });

  it("finds a manifest whose bytes were changed and data that are gone", async () => {
    await sites.put("backups/manifests/a", manifest.replace("v1", "v2"));
    await sites.remove("backups/redis/dump.rdb");
    const { stdout, exitCode } = await backups(["verify"]);
    const mend = `bring back its version of ${newer.completed}, which is locked until its retention ends`;
    expect(stdout.split("\n").slice(-2)).toEqual([
      `  backup bucket backups: manifests/a was changed: its SHA-256 is not the record's; ${mend}`,
      `  backup bucket backups: redis/dump.rdb is not there; ${mend}`,
    ]);
    expect(exitCode).toBe(1);
    const { problems } = JSON.parse((await backups(["verify", "--json"])).stdout) as { problems: unknown[] };
    expect(problems).toHaveLength(2);
    await fill();
  });

  it("goes on when the far site is lost", async () => {
    const lost = { offsiteEndpoint: `https://127.0.0.1:${await freePort()}` };
    const { stdout, exitCode } = await backups(["verify"], { outputs: lost });
    expect(stdout).toMatch(/2 of 3 places agree/);
    expect(stdout).toMatch(/ {2}off-site bucket: cannot be asked: .*ECONNREFUSED.*; see to it that it answers/);
    expect(exitCode).toBe(0);
  });

  it("tells of backups when the cluster is lost, which is when they are needed", async () => {
    const kubeconfig = await nowhere();
    const { stdout, exitCode } = await backups(["list"], { kubeconfig });
    expect(stdout.match(/1\/3/g)).toHaveLength(2);
    expect(stdout).toMatch(
      /^The catalogue bucket cannot be asked: the cluster https:.* does not answer: .*ECONNREFUSED/m,
    );
    expect(stdout).toMatch(/^The cluster cannot be asked: the cluster https:.* does not answer: .*ECONNREFUSED/m);
    expect(exitCode).toBe(0);
    const verified = await backups(["verify"], { kubeconfig });
    expect(verified.stdout).toContain("1 of 3 places agree on its record (off-site bucket): no majority.");
    expect(verified.exitCode).toBe(1);
  });

  it("holds the near store to its name and its authority", async () => {
    const { other } = await issueCertificates({ other: loopbackNames });
    const { stdout } = await backups(["list"], { outputs: { certificateAuthority: other.authority } });
    expect(stdout).toMatch(/^The catalogue bucket cannot be asked: .*(certificate|signature)/m);
  });

  it("says what stands in its way, in a line", async () => {
    const one = async (args: readonly string[], circumstances?: Circumstances) => {
      const { stderr, exitCode } = await backups(args, circumstances);
      expect(exitCode).toBe(1);
      return stderr;
    };
    expect(await one(["show", "yesterday"])).toMatch(
      /^"yesterday" is no identifier of a backup.*list shows those there are/,
    );
    expect(await one(["verify", "20200101T000000Z-0000"])).toMatch(
      /^No place has a record 20200101T000000Z-0000: list/,
    );
    expect(await one(["list"], { outputs: { clusterContext: "elsewhere", ...withoutFarSite } })).toMatch(
      /^No place of the catalogue can be asked:\n.*\n {2}cluster: The kubeconfig has no context "elsewhere"/,
    );
    const { stdout, exitCode } = await backups(["list"], { outputs: await emptyStack() });
    expect(stdout).toBe("The catalogue is empty: no backup has left a record yet.");
    expect(exitCode).toBe(0);
    expect(await one(["verify"], { outputs: await emptyStack() })).toMatch(/^The catalogue is empty/);
  });

  it("asks Pulumi for the outputs of a stack", async () => {
    const engine = await ensureEngine(toolchainFolder, () => undefined);
    const workspace = await openWorkspace({ engine, folder: join(folder, "pulumi"), kubeconfig: cluster.kubeconfig });
    await ensureStack(workspace, "local");
    const run = (...args: string[]) =>
      execa(process.execPath, [join(repository, "runbooks/backups.ts"), "list", ...args], {
        env: workspace.env,
        extendEnv: false,
        reject: false,
      });
    expect((await run("--stack", "nowhere")).stderr).toMatch(/^There is no stack "nowhere": pulumi stack ls lists/);
    expect((await run()).stderr).toBe("No stack is selected: give --stack NAME, or run pulumi stack select.");
    expect((await run("--stack", "local")).stderr).toMatch(
      /^Outputs are missing in stack "local": dataNamespace, .*Run pulumi up/,
    );
  });

  it("explains itself", async () => {
    const { stdout } = await backups(["verify", "--help"]);
    expect(stdout).toMatch(/exit code 1 if not[\s\S]*--stack <name>[\s\S]*--json/);
  });

  const withoutFarSite = { offsiteEndpoint: undefined };

  /** Outputs of a stack that has never been backed up. */
  async function emptyStack(): Promise<Changes> {
    return { dataNamespace: await testNamespace(cluster), catalogueBucket: "empty", ...withoutFarSite };
  }
});
