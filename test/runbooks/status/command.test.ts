import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchV1Api, CoreV1Api, type V1CronJob } from "@kubernetes/client-node";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "../../../local/paths.ts";
import type { StatusOutputs } from "../../../runbooks/status/outputs.ts";
import type { Status } from "../../../runbooks/status/gather.ts";
import type { CopyStatus } from "../../../runbooks/status/judge.ts";
import { clusterTimeout, testCluster, testNamespace, type TestCluster } from "../../support/cluster.ts";
import { usesDebian } from "../../support/debian.ts";
import { forwardedService } from "../../support/podForward.ts";
import { freePort } from "../../support/servers/server.ts";
import { startSites, type Sites } from "../sites.ts";
import { drill } from "./sample.ts";

usesDebian();

const cronJobs = [
  "postgres-full",
  "postgres-incremental",
  "postgres-check",
  "postgres-offsite-full",
  "postgres-offsite-incremental",
  "objects-copy",
  "redis-rdb",
  "secrets-bundle",
];

/** A name by the instant so many hours ago, as the jobs of backups give it. */
const nameOf = (hoursAgo: number) =>
  new Date(Date.now() - hoursAgo * 3_600_000).toISOString().replaceAll(/[-:]|\.\d+/g, "");

const segment = (number: string) => `0000000200000000/0000000200000000000000${number}-${"a".repeat(40)}.zst`;

/** What the jobs of backups leave: in folders of their own what is whole, and what was cut short or is something else. */
const left = (): Record<string, string> => ({
  "pgbackrest/backup/dify/20261122-020000F/backup.manifest": "sealed",
  "pgbackrest/backup/dify/20261122-020000F_20261122-033000I/backup.manifest.copy": "under way",
  "pgbackrest/backup/dify/backup.info": "sealed",
  "pgbackrest/archive/dify/9-1/0000000900000000/000000090000000000000001-old": "of a cluster that was left",
  [`pgbackrest/archive/dify/17-2/${segment("0A")}`]: "sealed",
  [`pgbackrest/archive/dify/17-2/${segment("0B")}`]: "sealed",
  "pgbackrest/archive/dify/17-2/00000002.history": "sealed",
  [`redis/${nameOf(20)}/SHA256SUMS.bin`]: "sealed",
  [`redis/${nameOf(3)}/SHA256SUMS.bin`]: "sealed",
  [`redis/${nameOf(1)}/dump.rdb.bin`]: "cut short",
  [`secrets/${nameOf(10)}/SHA256SUMS.bin`]: "sealed",
  [`objects/manifests/dify-files/${nameOf(12)}.tsv`]: "",
  [`objects/manifests/dify-plugins/${nameOf(11)}.tsv`]: "",
  [`followed/marks/${nameOf(30).slice(0, 8)}/${nameOf(30)}.json`]: "older",
  [`followed/marks/${nameOf(0).slice(0, 8)}/${nameOf(0)}.json`]: "newest",
});

/** The command against a real API server and a real MinIO with locks; near buckets are reached through the API server alone. */
describe("npm run status", { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let namespace: string;
  let sites: Sites;
  let folder: string;
  let outputs: StatusOutputs;
  let endForward: () => Promise<void>;

  beforeAll(async () => {
    cluster = await testCluster();
    namespace = await testNamespace(cluster);
    folder = await mkdtemp(join(tmpdir(), "status-"));
    const host = `minio-s3.${namespace}.svc.cluster.local`;
    sites = await startSites(["near", "far", "records", "far-records"], [host]);
    const { minio, certificate } = sites;
    endForward = await forwardedService(cluster, { namespace, service: "minio-s3", port: 9000, target: minio.port });
    const [user, key] = [minio.rootUser, minio.rootPassword];
    outputs = {
      dataNamespace: namespace,
      objectStoreEndpoint: `https://${host}:9000`,
      objectStoreRegion: "us-east-1",
      objectStoreAddressing: "path",
      certificateAuthority: certificate.authority,
      difyBucket: "dify-files",
      pluginBucket: "dify-plugins",
      backupBucket: "near",
      backupAccessKey: user,
      backupSecretKey: key,
      catalogueBucket: "records",
      catalogueAccessKey: user,
      catalogueSecretKey: key,
      postgresBackups: "pgbackrest/backup/dify",
      offsiteEndpoint: minio.endpoint,
      offsiteRegion: "us-east-1",
      offsiteAddressing: "path",
      offsiteCertificateAuthority: certificate.authority,
      offsiteBackupBucket: "far",
      offsiteBackupAccessKey: user,
      offsiteBackupSecretKey: key,
      offsiteCatalogueBucket: "far-records",
      offsiteCatalogueAccessKey: user,
      offsiteCatalogueSecretKey: key,
      // Real ones are shorter: nobody writes while this test runs.
      postgresLogSeconds: 3600,
      postgresBackupHours: 7,
      postgresOffsiteBackupHours: 30,
      objectsBackupHours: 36,
      objectsFollowedSeconds: 3600,
      redisBackupHours: 7,
      secretsBackupHours: 24.25,
    };
    for (const [key, text] of Object.entries(left()))
      await Promise.all([sites.put(`near/${key}`, text), sites.put(`far/${key}`, text)]);
    for (const name of cronJobs) await batch().createNamespacedCronJob({ namespace, body: cronJob(name) });
    await prove();
  }, 2 * clusterTimeout);
  afterAll(async () => {
    await endForward();
    await sites.stop();
    await rm(folder, { recursive: true });
  });

  const batch = () => cluster.config.makeApiClient(BatchV1Api);
  const core = () => cluster.config.makeApiClient(CoreV1Api);
  const pod = { restartPolicy: "Never", containers: [{ name: "c", image: "none:1" }] };
  const cronJob = (name: string): V1CronJob => ({
    metadata: { name },
    spec: { schedule: "0 0 1 1 *", jobTemplate: { spec: { template: { spec: pod } } } },
  });

  /** Leaves what drills leave. */
  async function prove(): Promise<void> {
    const at = new Date().toISOString();
    for (const kind of ["light", "full"] as const) {
      const result = drill({ kind, site: kind === "light" ? "offsite" : "cluster", started: at, ended: at });
      const body = { metadata: { name: `drill-${kind}` }, data: { "result.json": JSON.stringify(result) } };
      await core().createNamespacedConfigMap({ namespace, body });
    }
  }

  async function status(
    args: readonly string[] = [],
    changes: { readonly [Name in keyof StatusOutputs]?: StatusOutputs[Name] | undefined } = {},
    kubeconfig = cluster.kubeconfig,
  ) {
    const file = join(folder, "outputs.json");
    await writeFile(file, JSON.stringify({ ...outputs, ...changes }));
    return execa(process.execPath, [join(repository, "runbooks/status.ts"), ...args, "--outputs", file], {
      env: { KUBECONFIG: kubeconfig },
      reject: false,
      stdin: "ignore",
    });
  }
  const asJson = async (...[changes, kubeconfig]: [Parameters<typeof status>[1]?, string?]) => {
    const { stdout, stderr, exitCode } = await status(["--json"], changes, kubeconfig);
    expect(stderr).toBe("");
    return { ...(JSON.parse(stdout) as Status), exitCode };
  };
  const copyOf = ({ copies }: Pick<Status, "copies">, dataSet: CopyStatus["dataSet"], site: CopyStatus["site"]) =>
    copies.find((copy) => copy.dataSet === dataSet && copy.site === site) as CopyStatus;

  it("finds the newest of each copy that is whole, its lock and its proof, and ends well", async () => {
    const found = await asJson();
    expect(found.copies.filter(({ verdict }) => verdict !== "good")).toEqual([]);
    expect(found).toMatchObject({ good: true, secondSite: true, exitCode: 0 });
    expect(found.copies).toHaveLength(11);
    const redis = copyOf(found, "redis", "cluster");
    expect(redis.ageSeconds).toBeGreaterThan(3 * 3600 - 1);
    expect(redis.ageSeconds).toBeLessThan(4 * 3600);
    expect(Date.parse(redis.lockedUntil)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    expect(redis.proven).toMatchObject({ rtoSeconds: 720 });
    expect(copyOf(found, "objects", "offsite").ageSeconds).toBeGreaterThan(12 * 3600 - 1);
    expect(copyOf(found, "followed", "offsite").ageSeconds).toBeLessThan(600);
    expect(copyOf(found, "postgres", "offsite")).toMatchObject({ proven: { rtoSeconds: 720 } });
    expect(copyOf(found, "postgres", "offsite").ageSeconds).toBeLessThan(600);
  });

  it("answers first what would be lost", async () => {
    const { stdout, exitCode } = await status();
    expect(stdout).toMatch(
      /^If the site burned now, this would be lost: of Postgres the last \d+ (s|min); of files as they are written the last \d+ (s|min); of Redis the last 3 h; of bundle of secrets the last 10 h\.\n┌/,
    );
    expect(stdout.endsWith("┘")).toBe(true);
    expect(exitCode).toBe(0);
  });

  it("ends with 1 and names a runbook when something is too old, or not there", async () => {
    const { stdout, exitCode } = await status([], { redisBackupHours: 2, etcdBackupHours: 7 });
    expect(stdout).toContain(
      "  Redis (cluster, off site): its newest instant is older than it may be; npm run runbook -- backup-failing",
    );
    expect(stdout).toMatch(/etcd of Patroni \(cluster, off site\): nothing is there that could be restored;/);
    expect(exitCode).toBe(1);
  });

  it("misses a log that is old when no primary can say that none was written", async () => {
    const found = await asJson({ postgresLogSeconds: 0.001 });
    expect(copyOf(found, "postgres", "cluster").problems).toEqual([
      {
        what: "its newest log is older than it may be; whether anything was written since could not be asked: no member of Postgres says that it leads",
        runbook: "archive-failing",
      },
    ]);
  });

  it("sees jobs that fail, until one ends well", async () => {
    const [owner] = (await batch().listNamespacedCronJob({ namespace })).items.filter(
      ({ metadata }) => metadata?.name === "redis-rdb",
    );
    const ownerReferences = [
      { apiVersion: "batch/v1", kind: "CronJob", name: "redis-rdb", uid: owner?.metadata?.uid ?? "", controller: true },
    ];
    const body = {
      metadata: { name: "redis-rdb-1", ownerReferences },
      spec: { backoffLimit: 0, activeDeadlineSeconds: 1, template: { spec: pod } },
    };
    await batch().createNamespacedJob({ namespace, body });
    await expect
      .poll(async () => copyOf(await asJson(), "redis", "cluster").problems, { timeout: 60_000 })
      .toMatchObject([
        { what: expect.stringMatching(/^job redis-rdb-1 failed at .*Z: Job was active longer than/) as string },
      ]);
    await batch().deleteNamespacedJob({ name: "redis-rdb-1", namespace, propagationPolicy: "Background" });
    expect((await asJson()).good).toBe(true);
  });

  it("tells of the second site when the cluster is lost, and of what it could not ask", async () => {
    const lost = join(folder, "nowhere");
    const server = cluster.config.getCurrentCluster()?.server ?? "";
    const text = await readFile(cluster.kubeconfig, "utf8");
    await writeFile(lost, text.replaceAll(server, `https://127.0.0.1:${await freePort()}`));
    const found = await asJson({}, lost);
    expect(found.exitCode).toBe(1);
    expect(found.copies.map(({ verdict }) => verdict)).toEqual(found.copies.map(() => "unknown"));
    const far = copyOf(found, "redis", "offsite");
    expect(far.ageSeconds).toBeLessThan(4 * 3600);
    expect(far.proven).toBe("not asked");
    expect(copyOf(found, "redis", "cluster")).toMatchObject({ instant: "not asked", lockedUntil: "not asked" });
    const { stdout } = await status([], {}, lost);
    expect(stdout).toMatch(/^Could not be asked, which is no good news:\n.*its newest instant: .*ECONNREFUSED/m);
    expect(stdout).toMatch(/lost: of Postgres the last/);
  });

  it("does not take a lost second site, nor a missing one, for a good one", async () => {
    const found = await asJson({ offsiteEndpoint: `https://127.0.0.1:${await freePort()}` });
    expect(found.exitCode).toBe(1);
    expect(copyOf(found, "redis", "offsite")).toMatchObject({ verdict: "unknown", instant: "not asked" });
    const { stdout, exitCode } = await status([], { offsiteEndpoint: undefined });
    expect(stdout).toMatch(/^If the site burned now, everything would be lost: there is no second site/);
    expect(exitCode).toBe(1);
  });

  it("sees that a copy is not locked", async () => {
    await sites.minio.mc("--quiet", "mb", "store/unlocked");
    await sites.put(`unlocked/redis/${nameOf(1)}/SHA256SUMS.bin`, "sealed");
    expect(copyOf(await asJson({ backupBucket: "unlocked" }), "redis", "cluster")).toMatchObject({
      unasked: [],
      problems: [
        { what: "its newest object is not locked: whoever has the keys can delete it", runbook: "lock-or-credentials" },
      ],
    });
  });

  it("explains itself", async () => {
    const { stdout } = await status(["--help"]);
    expect(stdout).toMatch(/burned now[\s\S]*Exit code 1[\s\S]*--stack <name>[\s\S]*--json/);
  });
});
